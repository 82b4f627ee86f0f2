import {
  type ArmFigures,
  type ProgramSummary,
  type Rollout,
  type RolloutAction,
  rolloutSchema,
  systemRandom,
} from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { countText, latencyText, percentText } from '../../../shared/time/format.ts';
import { Time } from '../../../shared/time/time.tsx';
import { Badge, StatusBadge } from '../../../shared/ui/badge.tsx';
import { Button } from '../../../shared/ui/button.tsx';
import { ErrorState, Loading } from '../../../shared/ui/states.tsx';
import { programPath, rolloutQuery } from '../program-queries.ts';
import { RolloutHistory } from './rollout-history.tsx';
import { wordsOf } from './rollout-words.ts';
import { ScrollTable } from '../../../shared/ui/scroll-table.tsx';

const ConfirmDialog = lazy(async () => ({ default: (await import('../act.tsx')).ConfirmDialog }));

interface Seen {
  readonly rollout: Rollout;
  readonly etag: string;
}

/** One rollout: how far it is, what was counted and what that says, and what can be done with it. */
export function RolloutCard({
  program,
  rolloutId,
  forbidden,
}: {
  program: ProgramSummary;
  rolloutId: string;
  forbidden: string | undefined;
}): ReactElement {
  const { data: seen, error } = useQuery(rolloutQuery(program.name, rolloutId));
  const [asked, setAsked] = useState<{ action: RolloutAction; seen: Seen; requestKey: string }>();
  if (seen === undefined)
    return error === null ? <Loading label="Loading the rollout" lines={4} /> : <ErrorState error={error} />;
  const { rollout } = seen;
  const ask = (action: RolloutAction): void => setAsked({ action, seen, requestKey: systemRandom.uuid() });
  return (
    <section className="card stack" aria-label={`Rollout of v${rollout.candidate}`}>
      <div className="row">
        <h3>
          v{rollout.incumbent} → v{rollout.candidate}
        </h3>
        <StatusBadge status={rollout.status} />
        <Badge>{rollout.mode === 'shadow' ? 'Shadow: its answers are only compared' : 'Canary'}</Badge>
        <span className="muted">
          begun <Time at={rollout.started_at} /> by {rollout.created_by}
        </span>
      </div>
      {rollout.completed_at === null ? <Controls rollout={rollout} forbidden={forbidden} onAsk={ask} /> : null}
      {rollout.comment === null ? null : <p>“{rollout.comment}”</p>}
      <Stages rollout={rollout} />
      {rollout.waits_for === null ? null : (
        <p className="notice">
          <span>
            Waits for: <strong>{rollout.waits_for}</strong>
          </span>
        </p>
      )}
      {rollout.status_reason === null ? null : <p>{rollout.status_reason}</p>}
      <Compared rollout={rollout} />
      {rollout.shadow === null ? null : (
        <p>
          Of {countText(rollout.shadow.inputs)} copies since the edge started: {countText(rollout.shadow.identical)} the same,{' '}
          {countText(rollout.shadow.changed)} changed, {countText(rollout.shadow.newly_failing)} fail now,{' '}
          {countText(rollout.shadow.newly_answered)} answered now, {countText(rollout.shadow.skipped)} not run so that nobody
          waits.
        </p>
      )}
      <RolloutHistory history={rollout.history} />
      {asked === undefined ? null : (
        <Suspense>
          <Asked program={program} {...asked} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
    </section>
  );
}

function Controls({
  rollout,
  forbidden,
  onAsk,
}: {
  rollout: Rollout;
  forbidden: string | undefined;
  onAsk: (action: RolloutAction) => void;
}): ReactElement {
  const isMoving = rollout.status === 'promoting';
  const reason = forbidden ?? (isMoving ? 'The candidate is being made active' : undefined);
  const isOff = reason !== undefined;
  const next = rollout.stages[rollout.current_stage];
  return (
    <div className="row" role="group" aria-label="Do something with the rollout">
      <Button
        icon={rollout.status === 'paused' ? 'play' : 'pause'}
        disabled={isOff}
        reason={reason}
        onClick={() => onAsk(rollout.status === 'paused' ? 'resume' : 'pause')}
      >
        {rollout.status === 'paused' ? 'Go on…' : 'Pause…'}
      </Button>
      {next === undefined ? null : (
        <Button icon="skip" disabled={isOff} reason={reason} onClick={() => onAsk('advance')}>
          Go to {next} %…
        </Button>
      )}
      <Button icon="check" disabled={isOff} reason={reason} onClick={() => onAsk('promote')}>
        Serve v{rollout.candidate}…
      </Button>
      <Button icon="close" disabled={isOff} reason={reason} onClick={() => onAsk('rollback')}>
        Take back…
      </Button>
    </div>
  );
}

function Asked({
  program,
  action,
  seen: { rollout, etag },
  requestKey,
  onClose,
}: {
  program: ProgramSummary;
  action: RolloutAction;
  seen: Seen;
  requestKey: string;
  onClose: () => void;
}): ReactElement {
  const { title, verb, done, consequences, isDanger } = wordsOf(action, rollout);
  return (
    <ConfirmDialog
      title={title}
      verb={verb}
      done={done}
      name={program.name}
      isDanger={isDanger}
      onClose={onClose}
      act={(reason) =>
        api.call({
          method: 'POST',
          path: programPath(program.name, `/rollouts/${encodeURIComponent(rollout.rollout_id)}/${action}`),
          answer: rolloutSchema,
          json: reason === undefined ? {} : { reason },
          ifMatch: etag,
          idempotencyKey: requestKey,
        })
      }
    >
      <ul className="facts-list">
        {consequences.map((consequence) => (
          <li key={consequence}>{consequence}</li>
        ))}
        <li>Nothing is done if the rollout has moved on in the meantime.</li>
      </ul>
    </ConfirmDialog>
  );
}

/** The stages, the one that it is in marked. */
function Stages({ rollout }: { rollout: Rollout }): ReactElement {
  const { stages, current_stage: current, completed_at: ended, status } = rollout;
  return (
    <ol className="stages" aria-label="Stages">
      {stages.map((share, at) => {
        const isCurrent = at + 1 === current && ended === null;
        const isDone = at + 1 < current || status === 'completed';
        return (
          <li
            key={share}
            className={isCurrent ? 'stage stage-now' : isDone ? 'stage stage-done' : 'stage'}
            aria-current={isCurrent ? 'step' : undefined}
          >
            <strong>{share} %</strong>
            <span>
              {isCurrent
                ? `${countText(rollout.stage_samples)} of ${countText(rollout.minimum_samples)} requests`
                : isDone
                  ? 'done'
                  : ''}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** What is compared, and why there may be nothing to compare. */
const METRICS = {
  errors: { title: 'Fail', none: 'no request yet' },
  latency: { title: 'Slow', none: 'too few answers to say what is slow' },
  validation: { title: 'Wrong', none: 'no answer was validated' },
} as const;

/** What was counted of both versions, and how much that speaks against the candidate. */
function Compared({ rollout }: { rollout: Rollout }): ReactElement {
  const { candidate, incumbent } = rollout.figures;
  return (
    <ScrollTable
      label="Candidate and incumbent compared"
      heads={['What', `v${rollout.incumbent}`, `v${rollout.candidate}`, 'Evidence against it']}
    >
      <tr>
        <th scope="row">Requests</th>
        <td className="numeric">{countText(incumbent.requests)}</td>
        <td className="numeric">{countText(candidate.requests)}</td>
        <td>–</td>
      </tr>
      <tr>
        <th scope="row">Mean latency</th>
        <td className="numeric">{meanOf(incumbent)}</td>
        <td className="numeric">{meanOf(candidate)}</td>
        <td>–</td>
      </tr>
      {rollout.tests.map((test) => (
        <tr key={test.metric}>
          <th scope="row">{METRICS[test.metric].title}</th>
          <td className="numeric">
            <Share share={test.incumbent_share} none={METRICS[test.metric].none} />
          </td>
          <td className="numeric">
            <Share share={test.candidate_share} none={METRICS[test.metric].none} />
          </td>
          {test.candidate_share === null || test.incumbent_share === null ? (
            <td>–</td>
          ) : (
            <td className="numeric" title="An e-value: at the threshold the candidate counts as worse, however often one looks">
              {test.e_value.toPrecision(3)} of {test.threshold}
            </td>
          )}
        </tr>
      ))}
    </ScrollTable>
  );
}

function meanOf({ answered, latency_sum_ms: sum }: ArmFigures): string {
  return answered === 0 ? 'not measured' : latencyText(sum / answered);
}

function Share({ share, none }: { share: number | null; none: string }): ReactElement {
  return share === null ? <span className="muted">not measured: {none}</span> : <>{percentText(share)}</>;
}
