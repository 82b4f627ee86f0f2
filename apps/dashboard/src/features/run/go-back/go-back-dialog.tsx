import { type RunDetail, messageOf, rollbackSchema } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { usePreferences } from '../../../shared/preferences/preferences.ts';
import { absoluteTime } from '../../../shared/time/format.ts';
import { AskDialog, useDone } from '../../../shared/ui/ask-dialog.tsx';
import { SelectField, TextField } from '../../../shared/ui/field.tsx';
import { phaseTitle } from '../../../shared/ui/phase-title.ts';
import { checkpointsQuery, executionQuery } from '../run-queries.ts';
import { type GoingBack, goingBack } from './going-back.ts';

/** How many steps of a phase are named. */
const NAMED = 8;

/** Asks for the checkpoint, and says what is kept and what is done again before anything is. */
export function GoBackDialog({ run, onClose }: { run: RunDetail; onClose: () => void }): ReactElement {
  const { timeZone } = usePreferences();
  const { data, error } = useQuery(checkpointsQuery(run.run_id));
  const { data: execution } = useQuery(executionQuery(run.run_id, run.execution_id));
  const [chosen, setChosen] = useState('');
  const [reason, setReason] = useState('');
  const steps = execution?.step_progress ?? [];
  const usable = (data?.checkpoints ?? []).flatMap((checkpoint) => {
    const effect = goingBack(checkpoint, run, steps);
    return effect === undefined ? [] : [{ checkpoint, effect }];
  });
  const effect = usable.find(({ checkpoint }) => checkpoint.checkpoint_id === chosen)?.effect;
  const restart = useDone(
    () =>
      api.call({
        method: 'POST',
        path: `/api/v1/runs/${encodeURIComponent(run.run_id)}/checkpoints/${encodeURIComponent(chosen)}/rollback`,
        answer: rollbackSchema,
        json: reason.trim() === '' ? {} : { reason: reason.trim() },
      }),
    { text: 'The run is at the checkpoint again', onClose },
  );
  return (
    <AskDialog title="Go back to a checkpoint" verb="Go back" act={restart} isOff={effect === undefined} onClose={onClose}>
      <p>
        The run begins again at a whole phase, with the files that it had then. It cannot begin at a task inside a phase: files
        are kept phase by phase.
      </p>
      {error === null ? null : <p className="field-error">{messageOf(error)}</p>}
      {data !== undefined && usable.length === 0 ? (
        <p className="muted">The run has no checkpoint that it can go back to.</p>
      ) : null}
      <SelectField label="Checkpoint" value={chosen} onText={setChosen}>
        <option value="">Choose…</option>
        {usable.map(({ checkpoint: { checkpoint_id, phase, checkpoint_type, created_at } }) => (
          <option key={checkpoint_id} value={checkpoint_id}>
            {checkpoint_type === 'pre' ? 'Before' : 'After'} {phaseTitle(phase)}, {absoluteTime(Date.parse(created_at), timeZone)}
          </option>
        ))}
      </SelectField>
      <div aria-live="polite">{effect === undefined ? null : <Effect effect={effect} isAuto={run.mode === 'auto'} />}</div>
      <TextField label="Reason" maxLength={2000} value={reason} onText={setReason} />
    </AskDialog>
  );
}

function Effect({ effect: { phase, kept, again }, isAuto }: { effect: GoingBack; isAuto: boolean }): ReactElement {
  return (
    <dl className="go-back-effect">
      <dt>Kept</dt>
      <dd>{kept.length === 0 ? 'What the run was started with' : `The results of ${kept.map(phaseTitle).join(', ')}`}</dd>
      <dt>Done again</dt>
      <dd>
        {again.length === 0 ? (
          'Nothing: no later phase has begun'
        ) : (
          <ul>
            {again.map((one) => (
              <li key={one.phase}>
                {phaseTitle(one.phase)}
                {one.steps.length === 0 ? '' : `, with its steps ${namesText(one.steps)}`}
              </li>
            ))}
          </ul>
        )}
      </dd>
      <dt>Put aside</dt>
      <dd>Files and results from after the checkpoint stay in the archive of the run</dd>
      <dt>Then</dt>
      <dd>
        {isAuto ? `The run goes on by itself with ${phaseTitle(phase)}` : `The run waits to be advanced to ${phaseTitle(phase)}`}
      </dd>
    </dl>
  );
}

function namesText(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}
