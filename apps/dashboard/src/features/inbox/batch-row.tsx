import type { HumanTask, InboxEntry } from '@loopwright/protocol';
import { Suspense, lazy, type ReactElement } from 'react';
import { z } from 'zod';
import { percentText } from '../../shared/time/format.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { Loading } from '../../shared/ui/states.tsx';

const Evidence = lazy(async () => ({ default: (await import('../../shared/human-task/evidence/evidence.tsx')).Evidence }));

/** What became of one decision of a batch. */
export interface RowOutcome {
  readonly kind: 'sending' | 'away' | 'accepted' | 'rejected' | 'late' | 'failed';
  readonly reason?: string;
}

/** One acceptance of a batch: what is decided about, and then what became of it. */
export function BatchRow({
  entry,
  task,
  outcome,
}: {
  entry: InboxEntry;
  task: HumanTask | undefined;
  outcome: RowOutcome | undefined;
}): ReactElement {
  return (
    <li className="batch-row">
      <div className="row">
        <strong className="grow">{entry.title}</strong>
        {outcome === undefined ? null : <Outcome outcome={outcome} />}
      </div>
      {task === undefined ? (
        <p className="muted">Loading what it shows…</p>
      ) : (
        <>
          {task.message === null ? null : <p className="batch-message">{task.message}</p>}
          <p className="muted">
            {scoreText(task)}
            {task.state === 'open' ? null : `It is ${task.state} already. `}
            <code title={task.subject_digest}>sha256:{task.subject_digest.slice(0, 12)}…</code>
          </p>
          {/* What is decided about is in sight: its score, or all of it. */}
          <details open={scoreText(task) === ''}>
            <summary>What it shows</summary>
            <Suspense fallback={<Loading label="Loading what it shows" lines={3} />}>
              <Evidence task={task} />
            </Suspense>
          </details>
        </>
      )}
      {outcome?.reason === undefined ? null : (
        <p className="field-error" role="alert">
          {outcome.reason}
        </p>
      )}
    </li>
  );
}

function Outcome({ outcome: { kind } }: { outcome: RowOutcome }): ReactElement {
  if (kind === 'sending') return <Badge icon="clock">Sending</Badge>;
  if (kind === 'away')
    return (
      <Badge tone="warn" icon="clock">
        Sent again until the server is there
      </Badge>
    );
  if (kind === 'accepted')
    return (
      <Badge tone="good" icon="check">
        Accepted
      </Badge>
    );
  if (kind === 'rejected') return <Badge icon="close">Rejected</Badge>;
  return (
    <Badge tone={kind === 'late' ? 'warn' : 'danger'} icon="warning">
      {kind === 'late' ? 'Not decided by you' : 'Not decided'}
    </Badge>
  );
}

const scoredSchema = z.looseObject({
  accuracy: z.number(),
  interval: z.object({ low: z.number(), high: z.number() }).nullish(),
  target: z.number().nullish(),
});

/** The score of what is shown, when it has one. */
function scoreText({ subject }: HumanTask): string {
  const scored = scoredSchema.safeParse(subject);
  if (!scored.success) return '';
  const { accuracy, interval, target } = scored.data;
  const between = interval == null ? '' : ` (${percentText(interval.low)} to ${percentText(interval.high)})`;
  return `Score ${percentText(accuracy)}${between}${target == null ? '' : `, target ${percentText(target)}`}. `;
}
