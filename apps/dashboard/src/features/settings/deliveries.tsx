import { type WebhookDelivery, webhookDeliverySchema } from '@loopwright/protocol';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { api } from '../../shared/api/api.ts';
import { useLiveQueries } from '../../shared/live/live.tsx';
import { Time } from '../../shared/time/time.tsx';
import { Badge, type Tone } from '../../shared/ui/badge.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { EmptyState } from '../../shared/ui/states.tsx';
import { showToast } from '../../shared/ui/toasts.tsx';
import { ListTable } from './list-table.tsx';
import type { Column } from './rows-table.tsx';
import { deliveriesQuery } from './settings-queries.ts';

const TONES: Readonly<Record<WebhookDelivery['status'], Tone>> = { pending: 'info', delivered: 'good', failed: 'danger' };

/** What was sent to a webhook, how it went, and again. */
export function Deliveries({ webhookId, mayChange }: { webhookId: string; mayChange: boolean }): ReactElement {
  const query = deliveriesQuery(webhookId);
  const deliveries = useInfiniteQuery(query);
  const queries = useQueryClient();
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: query.queryKey });
  // Whatever happens may be sent to it.
  useLiveQueries(() => true, { queryKey: query.queryKey });
  const again = useMutation({
    mutationFn: ({ delivery_id: id }: WebhookDelivery) =>
      api.call({
        method: 'POST',
        path: `/api/v1/webhooks/${encodeURIComponent(webhookId)}/deliveries/${encodeURIComponent(id)}/redeliver`,
        answer: webhookDeliverySchema,
      }),
    onSuccess: () => {
      showToast('It is sent again, under the same id');
      return reload();
    },
  });
  const columns: readonly Column<WebhookDelivery>[] = [
    { header: 'Event', cell: ({ event_type: type }) => <code>{type}</code> },
    { header: 'State', cell: ({ status }) => <Badge tone={TONES[status]}>{status}</Badge> },
    { header: 'Made', cell: ({ created_at: at }) => <Time at={at} /> },
    {
      header: 'Last try',
      isWide: true,
      cell: ({ attempts, last_attempt: last, next_attempt_at: next }) => (
        <span className="settings-value">
          {attempts === 0 ? 'not tried yet' : `${attempts} ${attempts === 1 ? 'try' : 'tries'}`}
          {last === null ? '' : `: ${last.error ?? `${last.response_status ?? '?'} in ${last.latency_ms} ms`}`}
          {next === null ? null : (
            <>
              , again <Time at={next} />
            </>
          )}
        </span>
      ),
    },
    {
      header: <span className="visually-hidden">Do</span>,
      cell: (delivery) =>
        mayChange ? (
          <span className="actions">
            <Button small disabled={again.isPending} onClick={() => again.mutate(delivery)}>
              Send again
            </Button>
          </span>
        ) : null,
    },
  ];
  return (
    <section className="settings-section">
      <div className="row">
        <h3>Deliveries</h3>
        <Button small look="quiet" icon="running" onClick={() => void reload()}>
          Look again
        </Button>
      </div>
      <ListTable
        label="Deliveries"
        query={deliveries}
        rowsOf={({ deliveries: rows }) => rows}
        rowKey={({ delivery_id }) => delivery_id}
        columns={columns}
        empty={<EmptyState title="Nothing was sent yet">The next event that fits is; a test sends one at once.</EmptyState>}
      />
    </section>
  );
}
