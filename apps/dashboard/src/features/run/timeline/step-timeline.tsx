import type { ExecutionResponse, Wait } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useNow } from '../../../shared/time/now.ts';
import { Duration, Time } from '../../../shared/time/time.tsx';
import { StatusBadge } from '../../../shared/ui/badge.tsx';
import { waitsQuery } from '../run-queries.ts';
import { STEP_STATUS } from '../steps-table.tsx';
import { type Axis, axisOf, spanOn } from './axis.ts';
import { WaitRow } from './wait-rows.tsx';
import { WaitsNote } from './waits-note.tsx';

/** How many rows there are; the table of the steps has all. */
const ROWS = 60;

type Step = ExecutionResponse['step_progress'][number];
type Row = { readonly at: string } & ({ readonly step: Step } | { readonly wait: Wait });

/** The steps and the waits of an execution one under the other on one axis of time, in the order in which they began. */
export function StepTimeline({ execution }: { execution: ExecutionResponse }): ReactElement | null {
  const { execution_id: id, completed_at: end } = execution;
  const { data } = useQuery(waitsQuery(id, id));
  if (data === undefined) return null;
  const waiting = new Set(data.waits.map(({ key }) => key));
  const rows: Row[] = [
    ...execution.step_progress
      .filter(({ key, started_at: at }) => !waiting.has(key) && at !== null)
      .map((step) => ({ at: step.started_at ?? '', step })),
    ...data.waits.map((wait) => ({ at: wait.started_at, wait })),
  ].toSorted((one, other) => one.at.localeCompare(other.at));
  if (rows.length === 0) return <WaitsNote list={data} />;
  const shown = rows.slice(-ROWS);
  return (
    <section className="stack" aria-label="Timeline">
      <h2>Timeline</h2>
      {end === null ? <MovingRows rows={shown} /> : <Rows rows={shown} now={Date.parse(end)} />}
      {rows.length > shown.length ? (
        <p className="muted">
          The last {ROWS} of {rows.length.toLocaleString('en')}; the steps below are all.
        </p>
      ) : null}
      <WaitsNote list={data} />
    </section>
  );
}

function MovingRows({ rows }: { rows: readonly Row[] }): ReactElement {
  return <Rows rows={rows} now={useNow()} />;
}

function Rows({ rows, now }: { rows: readonly Row[]; now: number }): ReactElement {
  const axis = axisOf(
    rows.map((row) => ('wait' in row ? row.wait : periodOf(row.step))),
    now,
  );
  return (
    <ol className="timeline" aria-label="Steps and waits">
      {rows.map((row) =>
        'wait' in row ? (
          <li key={row.wait.key} className="phase timeline-row">
            <div className="wait">
              <WaitRow wait={row.wait} axis={axis} />
            </div>
          </li>
        ) : (
          <StepRow key={row.step.key} step={row.step} axis={axis} />
        ),
      )}
    </ol>
  );
}

function StepRow({ step, axis }: { step: Step; axis: Axis }): ReactElement {
  const { step_id: name, status, started_at: from, completed_at: to, attempt } = step;
  const span = spanOn(axis, periodOf(step));
  const word = STEP_STATUS[status];
  return (
    <li className={`phase timeline-row phase-${word}`}>
      <div className="phase-name">
        <span className="timeline-step">
          <span className="mono">{name}</span>
          {attempt > 1 ? <span className="muted"> try {attempt}</span> : null}
          <span className="visually-hidden">
            {' '}
            from <Time at={from} />
          </span>
        </span>
        <StatusBadge status={word} />
      </div>
      <div className="phase-bar" aria-hidden="true">
        {span === undefined ? null : (
          <div className="phase-span" style={{ marginLeft: `${span.left}%`, width: `${span.width}%` }} />
        )}
      </div>
      <div className="phase-took">
        <Duration
          seconds={from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000}
          since={to === null ? from : null}
        />
      </div>
    </li>
  );
}

function periodOf({ started_at, completed_at: ended_at }: Step): { started_at: string | null; ended_at: string | null } {
  return { started_at, ended_at };
}
