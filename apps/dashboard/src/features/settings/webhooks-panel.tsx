import { type Webhook, webhookDeliverySchema, webhookSchema } from '@loopwright/protocol';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, Suspense, lazy, useState } from 'react';
import { api } from '../../shared/api/api.ts';
import { useSession } from '../../shared/api/session.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { Deliveries } from './deliveries.tsx';
import { ListTable } from './list-table.tsx';
import { SecretNotice } from './secret-notice.tsx';
import type { PanelProps } from './settings-page.tsx';
import { webhooksQuery } from './settings-queries.ts';
import { type WebhookActions, webhookColumns } from './webhook-columns.tsx';

const dialogs = () => import('./webhook-dialogs.tsx');
const NewWebhookDialog = lazy(async () => ({ default: (await dialogs()).NewWebhookDialog }));
const WebhookSecretDialog = lazy(async () => ({ default: (await dialogs()).WebhookSecretDialog }));
const RemoveWebhookDialog = lazy(async () => ({ default: (await dialogs()).RemoveWebhookDialog }));

type Open = { readonly what: 'new' } | { readonly what: 'secret' | 'remove'; readonly webhook: Webhook };

/** Who is told of events, and what became of it. */
export function WebhooksPanel({ search, onSearch }: PanelProps): ReactElement {
  const webhooks = useInfiniteQuery(webhooksQuery);
  const queries = useQueryClient();
  const mayChange = useSession().can('webhooks:write');
  const [open, setOpen] = useState<Open>();
  const [secret, setSecret] = useState<{ name: string; secret: string }>();
  const close = (): void => setOpen(undefined);
  const begin = (next: Open): void => {
    setSecret(undefined);
    setOpen(next);
  };
  const change = useMutation({
    mutationFn: ({ webhook_id: id, enabled }: Webhook) =>
      api.call({ method: 'PATCH', path: pathOf(id), answer: webhookSchema, json: { enabled: !enabled } }),
    onSuccess: ({ enabled }) => showToast(enabled ? 'It is told of events again' : 'It is told of nothing until it is enabled'),
    onSettled: () => queries.invalidateQueries({ queryKey: ['settings', 'webhooks'] }),
  });
  const tryOut = useMutation({
    mutationFn: ({ webhook_id: id }: Webhook) =>
      api.call({ method: 'POST', path: `${pathOf(id)}/test`, answer: webhookDeliverySchema }),
    onSuccess: ({ webhook_id: id }) => {
      showToast('A test is on its way');
      onSearch({ webhook: id });
      return queries.invalidateQueries({ queryKey: ['settings', 'deliveries', id] });
    },
  });
  const on: WebhookActions = {
    show: (webhook) => onSearch({ webhook }),
    test: tryOut.mutate,
    toggle: change.mutate,
    begin: (what, webhook) => begin({ what, webhook }),
  };
  return (
    <section className="settings-section">
      <div className="row">
        <h2>Webhooks</h2>
        {mayChange ? (
          <Button icon="plus" onClick={() => begin({ what: 'new' })}>
            New webhook
          </Button>
        ) : null}
      </div>
      {secret === undefined ? null : <SecretNotice secret={secret.secret} label={`the secret of ${secret.name}`} />}
      <ListTable
        label="Webhooks"
        query={webhooks}
        rowsOf={({ webhooks: rows }) => rows}
        rowKey={({ webhook_id }) => webhook_id}
        columns={webhookColumns({ shown: search.webhook, mayChange, isBusy: tryOut.isPending || change.isPending, on })}
        empty={
          <EmptyState title="Nobody is told of events">
            A webhook is an address that the server posts events to, signed, and again until they are taken.
          </EmptyState>
        }
      />
      {search.webhook === undefined ? null : <Deliveries webhookId={search.webhook} mayChange={mayChange} />}
      <Suspense>
        {open?.what === 'new' ? <NewWebhookDialog onClose={close} onSecret={setSecret} /> : null}
        {open?.what === 'secret' ? <WebhookSecretDialog webhook={open.webhook} onClose={close} onSecret={setSecret} /> : null}
        {open?.what === 'remove' ? <RemoveWebhookDialog webhook={open.webhook} onClose={close} /> : null}
      </Suspense>
    </section>
  );
}

const pathOf = (id: string): string => `/api/v1/webhooks/${encodeURIComponent(id)}`;
