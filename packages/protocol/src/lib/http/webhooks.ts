import { z } from 'zod';

const time = z.iso.datetime({ offset: true });
const url = z.url({ protocol: /^https?$/ }).max(2048);
const eventTypes = z
  .array(
    z
      .string()
      .min(1)
      .regex(/^[\w.-]{0,100}\*?$/, 'is a type, or the beginning of some and a *'),
  )
  .min(1)
  .max(100);
const projectId = z.string().min(1).max(200);

/** `POST /api/v1/webhooks`. */
export const webhookRequestSchema = z
  .strictObject({
    /** `https`; `http` and private addresses only for hosts that the setting `webhook_private_hosts` lists. */
    url,
    /** Types, or beginnings of types and a `*`. */
    event_types: eventTypes.default(['*']),
    /** Only events of this project; `null` for all that the caller may see. */
    project_id: projectId.nullable().default(null),
    description: z.string().max(500).default(''),
    enabled: z.boolean().default(true),
  })
  .meta({ examples: [{ url: 'https://example.com/hooks', event_types: ['completed', 'waiting_*'], project_id: 'p1' }] });
export type WebhookRequest = z.input<typeof webhookRequestSchema>;

/** `PATCH /api/v1/webhooks/{id}`: what is left out stays. */
export const webhookChangeSchema = z
  .strictObject({
    url: url.optional(),
    event_types: eventTypes.optional(),
    description: z.string().max(500).optional(),
    enabled: z.boolean().optional(),
  })
  .meta({ examples: [{ enabled: true }] });
export type WebhookChange = z.infer<typeof webhookChangeSchema>;

/** A subscription. Its secret is shown by the answer that made it and never again. */
export const webhookSchema = z.object({
  webhook_id: z.string(),
  url: z.string(),
  event_types: z.array(z.string()),
  project_id: z.string().nullable(),
  description: z.string(),
  enabled: z.boolean(),
  /** One sentence: why it is not enabled, or since when it fails; `null` when all is well. */
  why: z.string().nullable(),
  /** Whether nothing is sent although it is enabled, because its creator may not see what it is about any more; `why` says more. */
  is_blocked: z.boolean(),
  /** When the first of the failures that nothing but failures followed was; `null` when the last delivery succeeded. */
  failing_since: time.nullable(),
  /** Until when deliveries have a signature of the secret before, too. */
  previous_secret_until: time.nullable(),
  pending_deliveries: z.int(),
  created_by: z.string(),
  created_at: time,
  updated_at: time,
});
export type Webhook = z.infer<typeof webhookSchema>;

export const webhookWithSecretSchema = webhookSchema.extend({ secret: z.string() });
export type WebhookWithSecret = z.infer<typeof webhookWithSecretSchema>;

export const webhookListSchema = z.object({ webhooks: z.array(webhookSchema), next_cursor: z.string().nullable() });

/** `POST /api/v1/webhooks/{id}/secret`. */
export const secretRotationSchema = z
  .strictObject({
    /** How long deliveries are signed with the old secret as well, in seconds; 0 when it is known to others. */
    keep_previous_seconds: z.int().min(0).max(604_800).default(86_400),
  })
  .meta({ examples: [{ keep_previous_seconds: 3600 }] });

/** One try to deliver. */
export const webhookAttemptSchema = z.object({
  attempt: z.int(),
  at: time,
  /** The status of the answer; `null` without one. */
  response_status: z.int().nullable(),
  /** The beginning of the answer's body, 2048 bytes at most. */
  response_body: z.string().nullable(),
  /** Why it failed; `null` when it did not. */
  error: z.string().nullable(),
  latency_ms: z.int(),
});

export const deliveryStatusSchema = z.enum(['pending', 'delivered', 'failed']);

/** One event for one subscription. */
export const webhookDeliverySchema = z.object({
  /** The header `webhook-id`, the same on each try. */
  delivery_id: z.string(),
  webhook_id: z.string(),
  event_type: z.string(),
  status: deliveryStatusSchema,
  attempts: z.int(),
  created_at: time,
  /** When it is tried again; `null` when it is settled. */
  next_attempt_at: time.nullable(),
  delivered_at: time.nullable(),
  last_attempt: webhookAttemptSchema.nullable(),
});
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;

export const webhookDeliveryListSchema = z.object({
  deliveries: z.array(webhookDeliverySchema),
  next_cursor: z.string().nullable(),
});

/** One delivery with all that is kept of it. */
export const webhookDeliveryDetailSchema = webhookDeliverySchema.extend({
  /** The body as it was signed. */
  payload: z.string(),
  history: z.array(webhookAttemptSchema),
});
export type WebhookDeliveryDetail = z.infer<typeof webhookDeliveryDetailSchema>;

/** The body of a delivery. It is thin: who wants the whole of an event reads it from `data.url`, as somebody who may. */
export const webhookPayloadSchema = z.object({
  /** The type of the event; also `webhook_test`, `webhook_disabled` and `gap`. */
  type: z.string(),
  timestamp: time,
  data: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
});
export type WebhookPayload = z.infer<typeof webhookPayloadSchema>;
