import type { EventFilter } from '@loopwright/engine';
import { type JsonObject, type Random, type WebhookPayload, isoTime } from '@loopwright/protocol';
import type { EventSource } from '../events/event-source.ts';
import type { StreamMessage } from '../events/stream-message.ts';
import type { NewDelivery } from './deliveries.ts';
import type { Subscription } from './subscriptions.ts';

/** How many stored events one read takes. */
const PAGE = 200;

/** A part of the stream, made into deliveries. */
export interface Spread {
  readonly deliveries: readonly NewDelivery[];
  readonly next: number;
  readonly isEnd: boolean;
}

/** Makes the next events behind a position into what is to be delivered to whom. */
export function spreadEvents(
  source: EventSource,
  position: number,
  { subscriptions, random, now }: { subscriptions: readonly Subscription[]; random: Random; now: number },
): Spread {
  const filter: EventFilter = {
    wants: ({ projectId }) => subscriptions.some(({ row }) => isOf(row.project_id, projectId)),
    wantsType: (type) => subscriptions.some(({ wantsType }) => wantsType(type)),
  };
  const page = source.read(position, filter, PAGE);
  const deliveries = page.messages.flatMap((message) => {
    const payload = JSON.stringify(payloadOf(message, now));
    return subscriptions
      .filter((subscription) => wants(subscription, message))
      .map(({ row }) => newDelivery(row.webhook_id, { eventType: message.type, payload, at: now, random }));
  });
  return { deliveries, next: page.next, isEnd: page.isEnd };
}

/** A delivery of its own name, which every attempt has. */
export function newDelivery(
  webhookId: string,
  { random, ...rest }: Pick<NewDelivery, 'eventType' | 'payload' | 'at'> & { random: Random },
): NewDelivery {
  return { deliveryId: `msg_${random.uuid().replaceAll('-', '')}`, webhookId, ...rest };
}

function wants({ row, wantsType }: Subscription, { cursor, owner, type }: StreamMessage): boolean {
  if ((cursor ?? 0) <= row.from_position || !wantsType(type)) return false;
  return owner === null || isOf(row.project_id, owner.projectId);
}

function isOf(wanted: string | null, projectId: string): boolean {
  return wanted === null || wanted === projectId;
}

/** What is told of an event: which one it is and where to read it, nothing of its content. */
function payloadOf({ value, type }: StreamMessage, now: number): WebhookPayload {
  if ('position' in value) {
    const { execution_id, workflow_id, project_id, step_id, seq, position, timestamp, data } = value;
    // What the platform tells has no place of its own to be read at, and no content of an execution.
    if (execution_id === null) return { type, timestamp, data: { ...plainOf(data), project_id, position } };
    const url = `/api/v1/executions/${encodeURIComponent(execution_id)}/events?after=${seq - 1}&limit=1`;
    return { type, timestamp, data: { execution_id, workflow_id, project_id, step_id, seq, position, url } };
  }
  const range = 'from_position' in value ? { from_position: value.from_position, to_position: value.to_position } : {};
  return { type, timestamp: isoTime(now), data: range };
}

/** Texts, numbers and what is not known: what a program or a person made is in none of them. */
function plainOf(data: JsonObject): WebhookPayload['data'] {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) =>
      value === null || typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : [],
    ),
  );
}
