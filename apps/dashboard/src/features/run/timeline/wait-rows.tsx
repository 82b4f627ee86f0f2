import type { Wait } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { durationText } from '../../../shared/time/format.ts';
import { Duration, Time } from '../../../shared/time/time.tsx';
import { Icon, type IconName } from '../../../shared/ui/icon.tsx';
import { phaseTitle } from '../../../shared/ui/phase-title.ts';
import { type Axis, spanOn } from './axis.ts';
import { longest } from './phase-of-wait.ts';
import './timeline.css';

/** How many waits are rows of their own. */
const ROWS = 10;

const ICONS: Readonly<Record<Wait['kind'], IconName>> = {
  person: 'person',
  advance: 'play',
  pause: 'pause',
  timer: 'clock',
  event: 'inbox',
  retry: 'running',
  execution: 'runs',
};

/** Each wait as a row with a bar of its own: what for, from when on, how long. Of very many the longest. */
export function WaitRows({ label, waits, axis }: { label: string; waits: readonly Wait[]; axis: Axis }): ReactElement | null {
  if (waits.length === 0) return null;
  const shown = longest(waits, ROWS);
  const rest = waits.length - shown.length;
  return (
    <ul className="waits" aria-label={label}>
      {shown.map((wait) => (
        <li key={wait.key} className="wait">
          <WaitRow wait={wait} axis={axis} />
        </li>
      ))}
      {rest === 0 ? null : (
        <li className="muted">
          and {rest} shorter {rest === 1 ? 'wait' : 'waits'}, {durationText(secondsOf(waits) - secondsOf(shown))} in all
        </li>
      )}
    </ul>
  );
}

/** One wait: what it is for, its bar, and how long it is. */
export function WaitRow({ wait, axis }: { wait: Wait; axis: Axis }): ReactElement {
  const { kind, started_at: from, ended_at: to, due_at: due } = wait;
  // When something was given up while the rest went on is not known: its bar has no length.
  const isUnknown = to === null && wait.was_in_vain;
  const span = spanOn(axis, isUnknown ? { started_at: from, ended_at: from } : wait);
  return (
    <>
      <span className="wait-name">
        <Icon name={ICONS[kind]} size={14} />
        <span>
          {waitText(wait)}
          <span className="visually-hidden">
            {' '}
            from <Time at={from} />
          </span>
          {due === null ? null : (
            <span className="muted">
              {' '}
              until <Time at={due} />
            </span>
          )}
        </span>
      </span>
      <span className="phase-bar" aria-hidden="true">
        {span === undefined ? null : (
          <span
            className={`wait-span wait-${kind}${to === null && !isUnknown ? ' wait-lasts' : ''}`}
            style={{ marginLeft: `${span.left}%`, width: `${span.width}%` }}
          />
        )}
      </span>
      <span className="phase-took">
        {isUnknown ? (
          <span className="muted" title="When it was given up is not recorded">
            –
          </span>
        ) : (
          <Duration seconds={to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000} since={to === null ? from : null} />
        )}
      </span>
    </>
  );
}

/** What is waited for, in words. */
function waitText({ kind, subject, step_id: step, ended_at: to, was_in_vain: isVain }: Wait): string {
  const begin = to === null && !isVain ? 'Waits' : 'Waited';
  const end = isVain ? ', in vain' : '';
  if (kind === 'pause') return `${to === null ? 'Is' : 'Was'} paused${subject === null ? '' : ` by ${subject}`}${end}`;
  if (kind === 'advance') return `${begin} to be advanced to ${phaseTitle(subject ?? '')}${end}`;
  if (kind === 'person') return `${begin} for a person: ${subject ?? step ?? ''}${end}`;
  if (kind === 'timer') return `${begin} for a timer: ${step ?? ''}${end}`;
  if (kind === 'retry') return `${begin} to try ${step ?? ''} again, after try ${subject ?? '1'}${end}`;
  if (kind === 'event') return `${begin} for an event${subject === null ? '' : ` ${subject}`}: ${step ?? ''}${end}`;
  return `${begin} for another execution${subject === null ? '' : ` ${subject.slice(0, 8)}`}: ${step ?? ''}${end}`;
}

function secondsOf(waits: readonly Wait[]): number {
  return waits.reduce(
    (sum, { started_at: from, ended_at: to }) => sum + (to === null ? 0 : (Date.parse(to) - Date.parse(from)) / 1000),
    0,
  );
}
