import { type Webhook, systemRandom, webhookWithSecretSchema } from '@loopwright/protocol';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { z } from 'zod';
import { api } from '../../shared/api/api.ts';
import { AskDialog, useDone } from '../../shared/ui/ask-dialog.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';

interface Props {
  readonly onClose: () => void;
  readonly onSecret: (secret: { name: string; secret: string }) => void;
}

const pathOf = (id: string): string => `/api/v1/webhooks/${encodeURIComponent(id)}`;

function useReload(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['settings', 'webhooks'] });
}

/** Subscribes an address to events. */
export function NewWebhookDialog({ onClose, onSecret }: Props): ReactElement {
  const [url, setUrl] = useState('');
  const [types, setTypes] = useState('*');
  const [project, setProject] = useState('');
  const [description, setDescription] = useState('');
  const [idempotencyKey] = useState(() => systemRandom.uuid());
  const reload = useReload();
  const make = useDone(
    async () => {
      const json = {
        url: url.trim(),
        event_types: types
          .split(',')
          .map((type) => type.trim())
          .filter((type) => type !== ''),
        project_id: project.trim() === '' ? null : project.trim(),
        description: description.trim(),
      };
      const path = '/api/v1/webhooks';
      const { secret } = await api.call({ method: 'POST', path, answer: webhookWithSecretSchema, json, idempotencyKey });
      onSecret({ name: json.url, secret });
      await reload();
    },
    { text: 'The webhook is made', onClose },
  );
  return (
    <AskDialog title="New webhook" verb="Make the webhook" act={make} isOff={url.trim() === ''} onClose={onClose}>
      <TextField
        label="Address"
        type="url"
        hint="https; the server sends to public addresses, and to hosts that its settings list"
        placeholder="https://example.com/hooks"
        maxLength={2048}
        value={url}
        onText={setUrl}
      />
      <TextField
        label="Events"
        hint="Types with commas between them; * stands for the rest: waiting_*, completed"
        maxLength={2000}
        value={types}
        onText={setTypes}
      />
      <TextField
        label="Only of this project"
        hint="Empty for all that I may see"
        maxLength={200}
        value={project}
        onText={setProject}
      />
      <TextField label="Description" maxLength={500} value={description} onText={setDescription} />
    </AskDialog>
  );
}

/** Gives a webhook a new secret; deliveries are signed with both for a while. */
export function WebhookSecretDialog({ webhook, onClose, onSecret }: Props & { webhook: Webhook }): ReactElement {
  const [keep, setKeep] = useState('86400');
  const [idempotencyKey] = useState(() => systemRandom.uuid());
  const reload = useReload();
  const rotate = useDone(
    async () => {
      const { secret } = await api.call({
        method: 'POST',
        path: `${pathOf(webhook.webhook_id)}/secret`,
        answer: webhookWithSecretSchema,
        json: { keep_previous_seconds: Number(keep) },
        idempotencyKey,
      });
      onSecret({ name: webhook.url, secret });
      await reload();
    },
    { text: 'The webhook has a new secret', onClose },
  );
  return (
    <AskDialog title="New secret" verb="Make a new secret" act={rotate} onClose={onClose}>
      <p className="settings-value">{webhook.url}</p>
      <SelectField label="Deliveries are signed with the old secret too" value={keep} onText={setKeep}>
        <option value="0">No: others know it</option>
        <option value="3600">For one hour</option>
        <option value="86400">For one day</option>
        <option value="604800">For a week</option>
      </SelectField>
    </AskDialog>
  );
}

/** Removes a webhook with its log. */
export function RemoveWebhookDialog({ webhook, onClose }: Pick<Props, 'onClose'> & { webhook: Webhook }): ReactElement {
  const reload = useReload();
  const remove = useDone(
    async () => {
      await api.call({ method: 'DELETE', path: pathOf(webhook.webhook_id), answer: z.unknown() });
      await reload();
    },
    { text: 'The webhook is removed', onClose },
  );
  return (
    <AskDialog title="Remove the webhook?" verb="Remove it" isDanger act={remove} onClose={onClose}>
      <p className="settings-value">
        {webhook.url} is told of nothing any more, and the log of its deliveries goes. {webhook.pending_deliveries} deliveries
        that wait are not sent.
      </p>
    </AskDialog>
  );
}
