import type { Repair } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Time } from '../../../shared/time/time.tsx';
import { Badge, type Tone } from '../../../shared/ui/badge.tsx';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { repairsQuery } from '../program-queries.ts';

const TONES: Readonly<Record<Repair['state'], Tone>> = {
  open: 'info',
  promoted: 'good',
  rejected: 'warn',
  failed: 'danger',
  cancelled: 'neutral',
};

/** The executions that drift has opened to make the program again, and what the next one waits for. */
export function Repairs({ name }: { name: string }): ReactElement {
  const { data, error, refetch } = useQuery(repairsQuery(name));
  if (data === undefined)
    return error === null ? (
      <Loading label="Loading the repairs" lines={2} />
    ) : (
      <ErrorState error={error} retry={() => void refetch()} />
    );
  return (
    <section className="stack" aria-label="Repairs">
      <h2>Repairs</h2>
      {data.waiting_for === null ? null : (
        <p className="notice">
          <span>
            The next one waits for: <strong>{data.waiting_for}</strong>
          </span>
        </p>
      )}
      {data.repairs.length === 0 ? (
        <p className="muted">
          There was none. When the program drifts, a repair makes a new version of it and asks people to accept it.
        </p>
      ) : (
        <ul className="stack">
          {data.repairs.map((repair) => (
            <li key={repair.repair_id} className="card stack">
              <div className="row">
                <Badge tone={TONES[repair.state]}>{repair.state.charAt(0).toUpperCase() + repair.state.slice(1)}</Badge>
                <span>
                  opened <Time at={repair.opened_at} />, with {repair.counterexamples} counter-examples
                </span>
                <span className="grow" />
                {repair.execution_id === null ? null : (
                  <Link to="/orchestrator/executions/$executionId" params={{ executionId: repair.execution_id }}>
                    Execution {repair.execution_id.slice(0, 8)}
                  </Link>
                )}
              </div>
              <p className="muted">{repair.reason ?? repair.verdict.why}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
