import { EVENT_TYPES, webhookPayloadSchema } from '@loopwright/protocol';
import { z } from 'zod';

const header = (name: string, description: string): object => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

/** The section `webhooks` of the OpenAPI document: what a receiver gets, and what its answers mean. */
export function describeWebhooks(): Record<string, object> {
  return {
    event: {
      post: {
        tags: ['webhooks'],
        summary: 'Something happened in an execution, or to a program',
        description:
          `The types are ${EVENT_TYPES.join(', ')}. ` +
          'Signed as Standard Webhooks says: `webhook-signature` holds a base64 HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` for each secret that holds. Delivered at least once: the same `webhook-id` is the same event. The order is kept as far as nothing fails; `data.position` has the order that counts.',
        parameters: [
          header('webhook-id', 'Names the event for this webhook; the same on each attempt'),
          header('webhook-timestamp', 'When this attempt was made, in seconds since 1970 UTC'),
          header('webhook-signature', 'One or more of `v1,{base64}`, separated by spaces'),
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: z.toJSONSchema(webhookPayloadSchema, { target: 'draft-2020-12' }) } },
        },
        responses: {
          '2XX': { description: 'Taken' },
          '410': { description: 'Nobody is here any more: the webhook is disabled' },
          default: { description: 'Not taken: tried again up to ten times in three days, never before `Retry-After`' },
        },
      },
    },
  };
}
