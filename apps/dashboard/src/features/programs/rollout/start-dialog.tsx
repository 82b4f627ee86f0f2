import { type ProgramSummary, rolloutSchema, systemRandom } from '@loopwright/protocol';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { durationText } from '../../../shared/time/format.ts';
import { SelectField, TextField } from '../../../shared/ui/field.tsx';
import { ConfirmDialog } from '../act.tsx';
import type { SeenAlias } from '../overview/move-dialogs.tsx';
import { programPath } from '../program-queries.ts';
import { stagesOf } from './stages-text.ts';

/** The server's own limits. */
const LONGEST_STAGE_MINUTES = 43_200;

/** Asks how a version is brought in, and says what that will do. */
export function StartDialog({
  program,
  seen,
  onClose,
}: {
  program: ProgramSummary;
  seen: SeenAlias;
  onClose: () => void;
}): ReactElement {
  const incumbent = seen.alias.version;
  const others = program.versions.filter((version) => version !== incumbent).toReversed();
  const [candidate, setCandidate] = useState(others[0] ?? 1);
  const [mode, setMode] = useState<'canary' | 'shadow'>('canary');
  const [stages, setStages] = useState('5, 25, 50, 100');
  const [share, setShare] = useState('100');
  const [minutes, setMinutes] = useState('10');
  const [samples, setSamples] = useState('100');
  const [key] = useState(() => systemRandom.uuid());
  const isShadow = mode === 'shadow';
  const parsed = stagesOf(isShadow ? share : stages);
  const problem = typeof parsed === 'string' ? parsed : undefined;
  const stageMinutes = numberIn(minutes, LONGEST_STAGE_MINUTES);
  const minimum = numberIn(samples, 10_000_000);
  const isWrong = problem !== undefined || stageMinutes === undefined || minimum === undefined;
  const words = isWrong ? undefined : { stages: parsed as number[], minutes: stageMinutes, samples: minimum };
  return (
    <ConfirmDialog
      title="Start a rollout"
      verb={isShadow ? `Shadow with v${candidate}` : `Give v${candidate} its first share`}
      done="The rollout has begun"
      name={program.name}
      isOff={isWrong}
      onClose={onClose}
      act={(comment) =>
        api.call({
          method: 'POST',
          path: programPath(program.name, '/rollouts'),
          answer: rolloutSchema,
          json: {
            candidate,
            mode,
            stages: parsed,
            stage_seconds: (stageMinutes ?? 0) * 60,
            minimum_samples: minimum,
            ...(comment === undefined ? {} : { comment }),
          },
          ifMatch: seen.etag,
          idempotencyKey: key,
        })
      }
    >
      <SelectField label="Candidate" value={String(candidate)} onChange={({ target }) => setCandidate(Number(target.value))}>
        {others.map((version) => (
          <option key={version} value={version}>
            v{version}
          </option>
        ))}
      </SelectField>
      <SelectField label="How" value={mode} onChange={({ target }) => setMode(target.value === 'shadow' ? 'shadow' : 'canary')}>
        <option value="canary">Canary: it answers a growing share of the requests</option>
        <option value="shadow">Shadow: it gets copies, and nobody sees its answers</option>
      </SelectField>
      {isShadow ? (
        <TextField label="Share that is copied, in %" inputMode="decimal" value={share} error={problem} onText={setShare} />
      ) : (
        <CanaryFields
          stages={{ text: stages, onType: setStages, error: problem }}
          minutes={{
            text: minutes,
            onType: setMinutes,
            error: stageMinutes === undefined ? `From 0 to ${LONGEST_STAGE_MINUTES}` : undefined,
          }}
          samples={{ text: samples, onType: setSamples, error: minimum === undefined ? 'A whole number' : undefined }}
        />
      )}
      <Plan incumbent={incumbent} candidate={candidate} isShadow={isShadow} plan={words} />
    </ConfirmDialog>
  );
}

interface Typed {
  readonly text: string;
  readonly onType: (text: string) => void;
  readonly error: string | undefined;
}

function CanaryFields({ stages, minutes, samples }: Record<'stages' | 'minutes' | 'samples', Typed>): ReactElement {
  return (
    <>
      <TextField label="Stages, in %" value={stages.text} error={stages.error} maxLength={200} onText={stages.onType} />
      <div className="row start-numbers">
        <TextField
          label="Minutes a stage"
          inputMode="decimal"
          value={minutes.text}
          error={minutes.error}
          onText={minutes.onType}
        />
        <TextField
          label="Requests a stage"
          inputMode="numeric"
          value={samples.text}
          error={samples.error}
          onText={samples.onType}
        />
      </div>
    </>
  );
}

function numberIn(text: string, greatest: number): number | undefined {
  const value = Number(text);
  return text.trim() !== '' && value >= 0 && value <= greatest && (greatest !== 10_000_000 || Number.isInteger(value))
    ? value
    : undefined;
}

/** What will happen, exactly. */
function Plan({
  incumbent,
  candidate,
  isShadow,
  plan,
}: {
  incumbent: number | null;
  candidate: number;
  isShadow: boolean;
  plan: { stages: readonly number[]; minutes: number; samples: number } | undefined;
}): ReactElement | null {
  if (plan === undefined) return null;
  const [first, ...rest] = plan.stages;
  if (isShadow)
    return (
      <ul className="facts-list">
        <li>
          v{candidate} gets copies of {first} % of the requests from now on. Every answer still comes from v{incumbent}.
        </li>
        <li>It goes on until somebody promotes it or takes it back.</li>
      </ul>
    );
  return (
    <ul className="facts-list">
      <li>
        v{candidate} answers {first} % of the requests from now on, v{incumbent} the others.
      </li>
      <li>
        {rest.length === 0 ? 'It becomes active' : `It goes on to ${rest.join(' %, ')} % and becomes active after that`}, each
        stage after {durationText(plan.minutes * 60)} and {plan.samples} requests at the least.
      </li>
      <li>It is taken back by itself when it fails, is slow or is wrong more often than v{incumbent}, beyond chance.</li>
    </ul>
  );
}
