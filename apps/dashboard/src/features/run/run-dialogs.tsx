import { type RunDetail, systemRandom } from '@loopwright/protocol';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { AskDialog, useDone } from '../../shared/ui/ask-dialog.tsx';
import { SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { GoBackDialog } from './go-back/go-back-dialog.tsx';
import type { RunAction } from './run-controls.tsx';

interface Props {
  readonly run: RunDetail;
  readonly onClose: () => void;
}

/** Asks what has to be known before something is done with the run. */
export function RunDialog({ action, ...props }: Props & { action: RunAction }): ReactElement {
  if (action === 'clone') return <CloneDialog {...props} />;
  if (action === 'restart') return <GoBackDialog {...props} />;
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
