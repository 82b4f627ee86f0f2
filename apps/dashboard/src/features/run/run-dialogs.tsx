import { type RunDetail, messageOf, rollbackSchema, systemRandom } from '@loopwright/protocol';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { absoluteTime } from '../../shared/time/format.ts';
import { usePreferences } from '../../shared/preferences/preferences.ts';
import { AskDialog, useDone } from '../../shared/ui/ask-dialog.tsx';
import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { phaseTitle } from '../../shared/ui/phase-title.ts';
import type { RunAction } from './run-controls.tsx';
import { checkpointsQuery } from './run-queries.ts';

interface Props {
  readonly run: RunDetail;
  readonly onClose: () => void;
}

/** Asks what has to be known before something is done with the run. */
export function RunDialog({ action, ...props }: Props & { action: RunAction }): ReactElement {
  if (action === 'clone') return <CloneDialog {...props} />;
  if (action === 'restart') return <RestartDialog {...props} />;
  return action === 'cancel' ? <CancelDialog {...props} /> : <AdvanceDialog {...props} />;
}

function CancelDialog({ run, onClose }: Props): ReactElement {
  const [reason, setReason] = useState('');
  const cancel = useDone(() => api.runs.cancel(run.run_id, reason.trim() === '' ? undefined : reason.trim()), {
    text: 'Cancelled',
    onClose,
  });
  return (
    <AskDialog title="Cancel the run?" verb="Cancel the run" isDanger act={cancel} onClose={onClose}>
      <p>What is under way is stopped. A run that was cancelled does not go on; it can be cloned.</p>
      <TextField label="Reason" hint="Stands in the record" maxLength={1000} value={reason} onText={setReason} />
    </AskDialog>
  );
}

function AdvanceDialog({ run, onClose }: Props): ReactElement {
  const advance = useDone(() => api.runs.start(run.run_id, { skipValidation: true }), {
    text: 'The next phase has begun',
    onClose,
  });
  return (
    <AskDialog title="Advance without gates?" verb="Advance without gates" isDanger act={advance} onClose={onClose}>
      <p>
        The gates of the next phase are not evaluated. The record says that you wanted that, and governance counts it as not
        measured.
      </p>
    </AskDialog>
  );
}

function CloneDialog({ run, onClose }: Props): ReactElement {
  const navigate = useNavigate();
  const [name, setName] = useState(run.project_name ?? '');
  const [intake, setIntake] = useState(run.intake ?? '');
  const [mode, setMode] = useState(run.mode);
  // Another request when something of it is changed after an error: the server takes a key for one only.
  const key = useMemo(() => systemRandom.uuid(), [name, intake, mode]);
  const clone = useDone(
    async () => {
      const overrides = {
        mode,
        ...(name.trim() === '' ? {} : { project_name: name.trim() }),
        ...(intake === (run.intake ?? '') ? {} : { intake }),
      };
      const { run_id } = await api.runs.clone(run.run_id, overrides, { idempotencyKey: key });
      await navigate({ to: '/orchestrator/runs/$runId', params: { runId: run_id } });
    },
    { text: 'Cloned: this is the new run', onClose },
  );
  return (
    <AskDialog title="Clone the run" verb="Create the clone" act={clone} onClose={onClose}>
      <p>
        A new run of <code>{run.profile}</code> with the same inputs and metadata.
      </p>
      <TextField label="Name" maxLength={200} value={name} onText={setName} />
      <TextArea label="Intake" maxLength={200_000} value={intake} onText={setIntake} />
      <SelectField label="Advances" value={mode} onChange={({ target }) => setMode(target.value === 'auto' ? 'auto' : 'manual')}>
        <option value="manual">By hand</option>
        <option value="auto">By itself</option>
      </SelectField>
    </AskDialog>
  );
}

function RestartDialog({ run, onClose }: Props): ReactElement {
  const { timeZone } = usePreferences();
  const { data, error } = useQuery(checkpointsQuery(run.run_id));
  const [chosen, setChosen] = useState('');
  const [reason, setReason] = useState('');
  const checkpoints = data?.checkpoints ?? [];
  const restart = useDone(
    () =>
      api.call({
        method: 'POST',
        path: `/api/v1/runs/${encodeURIComponent(run.run_id)}/checkpoints/${encodeURIComponent(chosen)}/rollback`,
        answer: rollbackSchema,
        json: reason.trim() === '' ? {} : { reason: reason.trim() },
      }),
    { text: 'The run goes on from the checkpoint', onClose },
  );
  return (
    <AskDialog title="Go back to a checkpoint" verb="Go back" act={restart} isOff={chosen === ''} onClose={onClose}>
      <p>The run begins again at that phase with the files that it had. What came after is kept in the archive of the run.</p>
      {error === null ? null : <p className="field-error">{messageOf(error)}</p>}
      {data !== undefined && checkpoints.length === 0 ? <p className="muted">The run has no checkpoint yet.</p> : null}
      <SelectField label="Checkpoint" value={chosen} onText={setChosen}>
        <option value="">Choose…</option>
        {checkpoints.map(({ checkpoint_id, phase, checkpoint_type, created_at }) => (
          <option key={checkpoint_id} value={checkpoint_id}>
            {checkpoint_type === 'pre' ? 'Before' : 'After'} {phaseTitle(phase)}, {absoluteTime(Date.parse(created_at), timeZone)}
          </option>
        ))}
      </SelectField>
      <TextField label="Reason" maxLength={2000} value={reason} onText={setReason} />
    </AskDialog>
  );
}
