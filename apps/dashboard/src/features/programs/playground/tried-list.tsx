import type { Json } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { latencyText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { Badge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { JsonView } from '../../../shared/ui/json-view.tsx';
import type { Tried } from './tried.ts';

/** What came of one call. */
export function Outcome({ tried: { outcome, roundTripMs } }: { tried: Tried }): ReactElement {
  if ('error' in outcome)
    return (
      <div className="stack">
        <p className="field-error">{outcome.error}</p>
        {outcome.code === null ? null : (
          <p className="muted">
            {outcome.fix} <code>{outcome.code}</code>
          </p>
        )}
      </div>
    );
  return (
    <div className="stack">
      <div className="row">
        <Badge tone="good" icon="check">
          Answered
        </Badge>
        {outcome.version === null ? null : <Badge tone="info">v{outcome.version}</Badge>}
        <span className="numeric">{latencyText(outcome.latencyMs)} in the program</span>
        <span className="muted numeric">{latencyText(roundTripMs)} with the way</span>
      </div>
      <div className="playground-output">
        <JsonView value={outcome.output} />
      </div>
      {outcome.executionId === null ? null : (
        <p className="muted">
          Execution <code>{outcome.executionId}</code>
        </p>
      )}
    </div>
  );
}

/** What was run since the page was loaded, the newest first. */
export function TriedList({
  history,
  onShow,
}: {
  history: readonly Tried[];
  onShow: (input: Json) => void;
}): ReactElement | null {
  if (history.length === 0) return null;
  return (
    <section className="playground-history stack" aria-label="What was run here">
      <h2>Run before</h2>
      <ul className="tried">
        {history.map(({ no, at, input, outcome }) => (
          <li key={no} className="tried-row">
            <code className="truncate grow">{JSON.stringify(input)}</code>
            <span aria-hidden="true">→</span>
            {'error' in outcome ? (
              <Badge tone="danger" icon="failed">
                {outcome.code ?? 'Failed'}
              </Badge>
            ) : (
              <code className="truncate tried-output">{JSON.stringify(outcome.output)}</code>
            )}
            <span className="muted numeric nowrap">
              {'error' in outcome ? '' : `v${outcome.version ?? '?'} · ${latencyText(outcome.latencyMs)} · `}
              <Time at={at} />
            </span>
            <Button small aria-label={`Use input ${no} again`} onClick={() => onShow(input)}>
              Again
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
