import type { ExecutionResponse } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { Duration, Time } from '../../shared/time/time.tsx';
import { Badge, StatusBadge } from '../../shared/ui/badge.tsx';
import { type Executed, executionQuery } from './run-queries.ts';
import '../../shared/ui/table.css';

type Step = ExecutionResponse['step_progress'][number];

/** How each word of the execution is shown. */
export const STEP_STATUS: Readonly<Record<Step['status'], string>> = {
  executing: 'in_progress',
  clarifying: 'waiting',
  waiting: 'waiting',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** The steps that the execution came to, with how often each was tried and what it waited or worked. */
export function StepsTable({ run }: { run: Executed }): ReactElement | null {
  const { data } = useQuery(executionQuery(run.run_id, run.execution_id));
  if (data === undefined || data.step_progress.length === 0) return null;
  return (
    <details className="steps" open={data.step_progress.some(({ attempt }) => attempt > 1)}>
      <summary>
        Steps <span className="muted">{data.step_progress.length}</span>
      </summary>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Steps">
        <table className="table">
          <caption className="visually-hidden">Steps</caption>
          <thead>
            <tr>
              {['Step', 'Status', 'Attempts', 'Began', 'Took'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.step_progress.map((step, at) => (
              // A step of a loop comes again under the same id.
              <StepRow key={`${step.step_id}-${at}`} step={step} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function StepRow({
  step: { step_id, status, started_at: from, completed_at: to, attempt, shared },
}: {
  step: Step;
}): ReactElement {
  const seconds = from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;
  return (
    <tr>
      <td className="mono">
        {step_id} {shared ? <span className="muted">taken over</span> : null}
      </td>
      <td>
        <StatusBadge status={STEP_STATUS[status]} />
      </td>
      <td>
        {attempt > 1 ? (
          <Badge tone="warn">
            {attempt}, {attempt - 1} {attempt === 2 ? 'retry' : 'retries'}
          </Badge>
        ) : (
          attempt
        )}
      </td>
      <td>
        <Time at={from} />
      </td>
      <td>
        <Duration seconds={seconds} since={to === null ? from : null} />
      </td>
    </tr>
  );
}
