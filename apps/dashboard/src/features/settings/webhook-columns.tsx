import type { Webhook } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Badge } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import type { Column } from './rows-table.tsx';

/** What can be done with a webhook from its row. */
export interface WebhookActions {
  /** Shows the deliveries of one, or of none. */
  readonly show: (webhookId: string | undefined) => void;
  readonly test: (webhook: Webhook) => void;
  readonly toggle: (webhook: Webhook) => void;
  readonly begin: (what: 'secret' | 'remove', webhook: Webhook) => void;
}

/** The columns of the list of webhooks. */
export function webhookColumns({
  shown,
  mayChange,
  isBusy,
  on,
}: {
  shown: string | undefined;
  mayChange: boolean;
  isBusy: boolean;
  on: WebhookActions;
}): readonly Column<Webhook>[] {
  return [
    {
      header: 'Address',
      cell: ({ url, description }) => (
        <span className="settings-value">
          <strong>{url}</strong>
          {description === '' ? null : <span className="muted"> {description}</span>}
        </span>
      ),
    },
    { header: 'State', cell: (webhook) => <WebhookState {...webhook} /> },
    { header: 'Events', isWide: true, cell: ({ event_types: types }) => <code>{types.join(', ')}</code> },
    { header: 'Project', isWide: true, cell: ({ project_id: id }) => id ?? 'all that its maker sees' },
    {
      header: <span className="visually-hidden">Do</span>,
      cell: (webhook) => (
        <span className="actions">
          <Button
            small
            aria-label={`Deliveries to ${webhook.url}`}
            aria-pressed={shown === webhook.webhook_id}
            onClick={() => on.show(shown === webhook.webhook_id ? undefined : webhook.webhook_id)}
          >
            Deliveries
          </Button>
          {mayChange ? (
            <>
              <Button small aria-label={`Test ${webhook.url}`} disabled={isBusy} onClick={() => on.test(webhook)}>
                Test
              </Button>
              <Button
                small
                aria-label={`${webhook.enabled ? 'Disable' : 'Enable'} ${webhook.url}`}
                disabled={isBusy}
                onClick={() => on.toggle(webhook)}
              >
                {webhook.enabled ? 'Disable' : 'Enable'}
              </Button>
              <Button small aria-label={`New secret… for ${webhook.url}`} onClick={() => on.begin('secret', webhook)}>
                New secret…
              </Button>
              <Button small aria-label={`Remove… ${webhook.url}`} onClick={() => on.begin('remove', webhook)}>
                Remove…
              </Button>
            </>
          ) : null}
        </span>
      ),
    },
  ];
}

function WebhookState({
  enabled,
  is_blocked: isBlocked,
  why,
  failing_since: failing,
  pending_deliveries: pending,
}: Webhook): ReactElement {
  const [tone, text] = !enabled
    ? (['neutral', 'Disabled'] as const)
    : isBlocked
      ? (['danger', 'Blocked'] as const)
      : failing === null
        ? (['good', 'Good'] as const)
        : (['warn', 'Failing'] as const);
  return (
    <>
      <Badge tone={tone}>{text}</Badge>
      {pending === 0 ? null : <span className="muted"> {pending} wait</span>}
      {why === null ? null : <span className="field-hint settings-value"> {why}</span>}
    </>
  );
}
