import { type ApiKey, apiKeySchema, isoTime, newApiKeySchema, systemClock, systemRandom } from '@loopwright/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { AskDialog, useDone } from '../../shared/ui/ask-dialog.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { permissionsQuery } from './settings-queries.ts';

const DAY_MS = 86_400_000;

/** What a dialog of keys is given; `onSecret` gets what is shown once. */
interface Props {
  readonly onClose: () => void;
  readonly onSecret: (secret: { name: string; secret: string }) => void;
}

function useReload(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['settings', 'keys'] });
}

/** Makes a key: what is left out is not restricted, as far as its maker is not. */
export function NewKeyDialog({ onClose, onSecret }: Props): ReactElement {
  const [name, setName] = useState('');
  const [role, setRole] = useState('');
  const [days, setDays] = useState('90');
  const [projects, setProjects] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set());
  const [idempotencyKey] = useState(() => systemRandom.uuid());
  const table = useQuery(permissionsQuery);
  const reload = useReload();
  const names = projects
    .split(',')
    .map((project) => project.trim())
    .filter((project) => project !== '');
  const make = useDone(
    async () => {
      const json = {
        name: name.trim(),
        ...(role === '' ? {} : { role }),
        ...(scopes.size === 0 ? {} : { scopes: [...scopes] }),
        ...(names.length === 0 ? {} : { projects: names }),
        ...(days === '' ? {} : { expires_at: isoTime(systemClock.now() + Number(days) * DAY_MS) }),
      };
      const { key } = await api.call({ method: 'POST', path: '/api/v1/api-keys', answer: newApiKeySchema, json, idempotencyKey });
      if (key !== null) onSecret({ name: name.trim(), secret: key });
      await reload();
    },
    { text: 'The key is made', onClose },
  );
  return (
    <AskDialog title="New API key" verb="Make the key" act={make} isOff={name.trim() === ''} onClose={onClose}>
      <TextField label="Name" hint="What it is for" maxLength={100} value={name} onText={setName} />
      <SelectField label="The most that it may" value={role} onText={setRole}>
        <option value="">Whatever I may</option>
        <option value="viewer">Viewer: read</option>
        <option value="operator">Operator: run and decide</option>
        <option value="admin">Admin: promote, people</option>
      </SelectField>
      <SelectField label="Expires" value={days} onText={setDays}>
        <option value="7">In a week</option>
        <option value="30">In 30 days</option>
        <option value="90">In 90 days</option>
        <option value="365">In a year</option>
        <option value="">Never</option>
      </SelectField>
      <TextField
        label="Only these projects"
        hint="Names with commas between them; empty for all that I reach"
        maxLength={2000}
        value={projects}
        onText={setProjects}
      />
      <fieldset className="settings-choices">
        <legend>Only these permissions (none chosen: all that the role has)</legend>
        {(table.data?.permissions ?? []).map((permission) => (
          <label key={permission} className="row">
            <input
              type="checkbox"
              checked={scopes.has(permission)}
              onChange={({ target }) =>
                setScopes((before) =>
                  target.checked ? new Set([...before, permission]) : new Set([...before].filter((one) => one !== permission)),
                )
              }
            />
            <code>{permission}</code>
          </label>
        ))}
      </fieldset>
    </AskDialog>
  );
}

/** Gives a key a new secret; the old one is good for a while, when that is wanted. */
export function RotateKeyDialog({ apiKey, onClose, onSecret }: Props & { apiKey: ApiKey }): ReactElement {
  const [grace, setGrace] = useState('3600');
  const [idempotencyKey] = useState(() => systemRandom.uuid());
  const reload = useReload();
  const rotate = useDone(
    async () => {
      const { key } = await api.call({
        method: 'POST',
        path: `/api/v1/api-keys/${encodeURIComponent(apiKey.key_id)}/rotate`,
        answer: newApiKeySchema,
        json: { grace_seconds: Number(grace) },
        idempotencyKey,
      });
      if (key !== null) onSecret({ name: apiKey.name, secret: key });
      await reload();
    },
    { text: 'The key has a new secret', onClose },
  );
  return (
    <AskDialog title={`New secret for "${apiKey.name}"`} verb="Make a new secret" act={rotate} onClose={onClose}>
      <SelectField label="The old secret" value={grace} onText={setGrace}>
        <option value="0">Ends at once, with its sessions and streams</option>
        <option value="3600">Is good for one more hour</option>
        <option value="86400">Is good for one more day</option>
      </SelectField>
    </AskDialog>
  );
}

/** Revokes a key with what was opened with it. */
export function RevokeKeyDialog({ apiKey, onClose }: Pick<Props, 'onClose'> & { apiKey: ApiKey }): ReactElement {
  const reload = useReload();
  const revoke = useDone(
    async () => {
      const path = `/api/v1/api-keys/${encodeURIComponent(apiKey.key_id)}`;
      await api.call({ method: 'DELETE', path, answer: apiKeySchema });
      await reload();
    },
    { text: 'The key is revoked', onClose },
  );
  return (
    <AskDialog title={`Revoke "${apiKey.name}"?`} verb="Revoke the key" isDanger act={revoke} onClose={onClose}>
      <p>Requests with it are refused from now on, and its sessions and streams end. That cannot be taken back.</p>
    </AskDialog>
  );
}
