import { type Module, rotationSchema, systemRandom } from '@loopwright/protocol';
import { type ReactElement, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { AskDialog, useDone } from '../../shared/ui/ask-dialog.tsx';
import { TextField } from '../../shared/ui/field.tsx';

/** What a rotation that did not succeed means. */
const TROUBLES = {
  error: 'The module could not take the new values',
  timed_out: 'The module has not said in time that it took the new values: it may use the old ones still',
  gone: 'The module ended meanwhile: its next run reads the new values',
} as const;

/** Tells a module that secrets are new at their source, and waits for what it says of it. */
export function RotateDialog({ module: { name, permissions }, onClose }: { module: Module; onClose: () => void }): ReactElement {
  const [typed, setTyped] = useState(permissions.secrets.join(', '));
  const [idempotencyKey, renewKey] = useState(() => systemRandom.uuid());
  const names = typed
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const rotate = useDone(
    async () => {
      const path = `/api/v1/modules/${encodeURIComponent(name)}/rotate`;
      const { status, message } = await api.call({
        method: 'POST',
        path,
        answer: rotationSchema,
        json: { names },
        idempotencyKey,
      });
      if (status === 'success') return;
      // The next try is another one, and not this answer again.
      renewKey(systemRandom.uuid());
      throw new Error(message === null ? TROUBLES[status] : `${TROUBLES[status]}: ${message}`);
    },
    { text: `“${name}” uses the new secrets`, onClose },
  );
  return (
    <AskDialog title={`New secrets for “${name}”`} verb="Tell it" act={rotate} isOff={names.length === 0} onClose={onClose}>
      <p>
        Put the new values where the server reads them first: into the files of its folder of secrets. Values are never sent here.
      </p>
      <TextField
        label="Names of secrets"
        hint="With commas between them; those that it may not read are left out"
        maxLength={2000}
        value={typed}
        onText={setTyped}
      />
    </AskDialog>
  );
}
