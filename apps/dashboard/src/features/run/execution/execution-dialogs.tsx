import { type ExecutionResponse, systemRandom } from '@loopwright/protocol';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useMemo, useState } from 'react';
import { api } from '../../../shared/api/api.ts';
import { AskDialog, useDone } from '../../../shared/ui/ask-dialog.tsx';
import { SelectField, TextField } from '../../../shared/ui/field.tsx';

interface Props {
  readonly execution: ExecutionResponse;
  readonly onClose: () => void;
}

/** Asks what has to be known before something is done with an execution. */
export function ExecutionDialog({ action, ...props }: Props & { action: 'restart' | 'cancel' }): ReactElement {
  return action === 'restart' ? <RestartDialog {...props} /> : <CancelDialog {...props} />;
}

function CancelDialog({ execution: { execution_id: id }, onClose }: Props): ReactElement {
  const [reason, setReason] = useState('');
  const cancel = useDone(() => api.cancel(id, reason.trim() === '' ? undefined : reason.trim()), { text: 'Cancelled', onClose });
  return (
    <AskDialog title="Cancel the execution?" verb="Cancel the execution" isDanger act={cancel} onClose={onClose}>
      <p>What is under way is stopped. It can be restarted afterwards, as another execution.</p>
      <TextField label="Reason" hint="Stands in the record" maxLength={1000} value={reason} onText={setReason} />
    </AskDialog>
  );
}

function RestartDialog({ execution: { execution_id: id, step_progress: steps, status }, onClose }: Props): ReactElement {
  const navigate = useNavigate();
  const tasks = [...new Set(steps.map(({ step_id }) => step_id))];
  const broken = status === 'completed' ? undefined : steps.findLast((step) => step.status !== 'completed')?.step_id;
  const [from, setFrom] = useState(broken ?? '');
  // Another request when another task is chosen after an error: the server takes a key for one only.
  const key = useMemo(() => systemRandom.uuid(), [from]);
  const restart = useDone(
    async () => {
      const { execution_id: again } = await api.restart(id, from === '' ? {} : { from }, { idempotencyKey: key });
      await navigate({ to: '/orchestrator/executions/$executionId', params: { executionId: again } });
    },
    { text: 'Restarted: this is the new execution', onClose },
  );
  return (
    <AskDialog title="Restart the execution" verb="Restart" act={restart} onClose={onClose}>
      <p>
        A new execution begins at the task. What was done before it is taken over and not done again; this one stays as it is.
      </p>
      <SelectField label="From the task" value={from} onText={setFrom}>
        <option value="">The beginning</option>
        {tasks.map((task) => (
          <option key={task} value={task}>
            {task}
          </option>
        ))}
      </SelectField>
    </AskDialog>
  );
}
