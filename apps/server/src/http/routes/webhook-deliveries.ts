import {
  PlatformError,
  deliveryStatusSchema,
  errorResponseSchema,
  webhookDeliveryDetailSchema,
  webhookDeliveryListSchema,
  webhookDeliverySchema,
} from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { StoredDelivery } from '../../webhooks/deliveries.ts';
import type { StoredWebhook } from '../../webhooks/subscriptions.ts';
import { deliveryDetail, deliveryView } from '../../webhooks/webhook-view.ts';
import { cursorOf, cursorSchema, numberPlace, placeOf } from '../manners/pages.ts';
import { type WebhookRouteParts, findWebhook } from './webhooks.ts';

const params = z.object({ webhook_id: z.string().max(200) });
const deliveryParams = params.extend({ delivery_id: z.string().max(200) });
const errors = { 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema };
const tags = ['webhooks'];

/** `/webhooks/{id}/deliveries`: what was sent, how it went, and again. */
export function webhookDeliveryRoutes(parts: WebhookRouteParts): FastifyPluginAsyncZod {
  const { webhooks } = parts;
  const { deliveries } = webhooks;
  const view = async (row: StoredDelivery): Promise<z.infer<typeof webhookDeliverySchema>> =>
    deliveryView(row, await deliveries.attempts([row.no]));
  const find = async (
    request: FastifyRequest,
    of: z.infer<typeof deliveryParams>,
  ): Promise<{ webhook: StoredWebhook; delivery: StoredDelivery }> => {
    const webhook = await findWebhook(parts, request, of.webhook_id);
    return { webhook, delivery: known(await deliveries.find(of.webhook_id, of.delivery_id), of.delivery_id) };
  };

  return async (api) => {
    api.get(
      '/webhooks/:webhook_id/deliveries',
      {
        schema: {
          tags,
          summary: 'What was sent to a webhook, the newest first',
          params,
          querystring: z.strictObject({
            status: deliveryStatusSchema.optional(),
            cursor: cursorSchema,
            limit: z.coerce.number().int().min(1).max(100).default(50),
          }),
          response: { 200: webhookDeliveryListSchema, ...errors },
        },
      },
      async (request) => {
        const { webhook_id: id } = await findWebhook(parts, request, request.params.webhook_id);
        const { cursor, limit, status } = request.query;
        const [before] = cursor === undefined ? [Number.MAX_SAFE_INTEGER] : placeOf(cursor, numberPlace);
        const rows = await deliveries.list(id, { before, limit, status });
        const attempts = await deliveries.attempts(rows.map(({ no }) => no));
        const last = rows.at(-1);
        return {
          deliveries: rows.map((row) => deliveryView(row, attempts)),
          next_cursor: cursorOf(last === undefined || rows.length < limit ? null : [last.no]),
        };
      },
    );

    api.get(
      '/webhooks/:webhook_id/deliveries/:delivery_id',
      {
        schema: {
          tags,
          summary: 'One delivery with its body and its attempts',
          params: deliveryParams,
          response: { 200: webhookDeliveryDetailSchema, ...errors },
        },
      },
      async (request) => {
        const { delivery } = await find(request, request.params);
        return deliveryDetail(delivery, await deliveries.attempts([delivery.no]));
      },
    );

    api.post(
      '/webhooks/:webhook_id/deliveries/:delivery_id/redeliver',
      {
        schema: {
          tags,
          summary: 'Send it again, under the same id',
          params: deliveryParams,
          response: { 202: webhookDeliverySchema, ...errors },
        },
      },
      async (request, reply) => {
        const { webhook, delivery } = await find(request, request.params);
        const again = known(await webhooks.redeliver(webhook, delivery), delivery.delivery_id);
        return reply.status(202).send(await view(again));
      },
    );

    api.post(
      '/webhooks/:webhook_id/test',
      {
        schema: {
          tags,
          summary: 'Send something to try it',
          params,
          response: { 202: webhookDeliverySchema, ...errors },
        },
      },
      async (request, reply) => {
        const webhook = await findWebhook(parts, request, request.params.webhook_id);
        return reply.status(202).send(await view(known(await webhooks.test(webhook), 'the test')));
      },
    );
  };
}

function known(delivery: StoredDelivery | undefined, id: string): StoredDelivery {
  if (delivery !== undefined) return delivery;
  throw new PlatformError('DELIVERY_NOT_FOUND', `Cannot find the delivery "${id}"`);
}
