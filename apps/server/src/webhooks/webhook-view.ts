import { type Webhook, type WebhookDelivery, type WebhookDeliveryDetail, isoTime } from '@loopwright/protocol';
import type { StoredAttempt, StoredDelivery } from './deliveries.ts';
import type { StoredWebhook } from './subscriptions.ts';

const timeOrNull = (time: number | null): string | null => (time === null ? null : isoTime(time));

/** A subscription as the wire has it, without its secret. */
export function webhookView(
  row: StoredWebhook,
  { pending, now, blocked }: { pending: number; now: number; blocked: string | null },
): Webhook {
  const { previous_secret_until: until } = row;
  return {
    webhook_id: row.webhook_id,
    url: row.url,
    event_types: JSON.parse(row.event_types) as string[],
    project_id: row.project_id,
    description: row.description,
    enabled: row.enabled === 1,
    why: whyOf(row, blocked),
    is_blocked: blocked !== null,
    failing_since: timeOrNull(row.failing_since),
    previous_secret_until: until !== null && until > now ? isoTime(until) : null,
    pending_deliveries: pending,
    created_by: row.created_by,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  };
}

/** A delivery as the wire has it, with the last of its attempts. */
export function deliveryView(row: StoredDelivery, attempts: readonly StoredAttempt[]): WebhookDelivery {
  const last = attempts.findLast(({ delivery }) => delivery === row.no);
  return {
    delivery_id: row.delivery_id,
    webhook_id: row.webhook_id,
    event_type: row.event_type,
    status: row.status,
    attempts: row.attempts,
    created_at: isoTime(row.created_at),
    next_attempt_at: timeOrNull(row.next_at),
    delivered_at: timeOrNull(row.delivered_at),
    last_attempt: last === undefined ? null : attemptView(last),
  };
}

/** A delivery with its body and every attempt that is kept. */
export function deliveryDetail(row: StoredDelivery, attempts: readonly StoredAttempt[]): WebhookDeliveryDetail {
  return { ...deliveryView(row, attempts), payload: row.payload, history: attempts.map(attemptView) };
}

function attemptView(row: StoredAttempt): WebhookDeliveryDetail['history'][number] {
  const { attempt, response_status, response_body, error, latency_ms } = row;
  return { attempt, at: isoTime(row.at), response_status, response_body, error, latency_ms };
}

function whyOf({ enabled, disabled_why: why, failing_since: since }: StoredWebhook, blocked: string | null): string | null {
  if (enabled === 0) return why ?? 'Somebody disabled it';
  if (blocked !== null) return `Nothing is sent: ${blocked}`;
  return since === null ? null : `Deliveries have failed since ${isoTime(since)}: see the log`;
}
