import {
  PlatformError,
  type Webhook,
  errorResponseSchema,
  secretRotationSchema,
  webhookChangeSchema,
  webhookListSchema,
  webhookRequestSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { EVERY_PROJECT } from '../../authorization/access.ts';
import { mayManage } from '../../webhooks/may-manage.ts';
import type { StoredWebhook } from '../../webhooks/subscriptions.ts';
import { webhookView } from '../../webhooks/webhook-view.ts';
import type { AppParts } from '../app.ts';
import { cursorOf, cursorSchema, namePlace, placeOf } from '../manners/pages.ts';
import { executionIdOf, idempotencyKeySchema } from '../idempotency.ts';

/** The most deliveries that are counted as waiting. */
const PENDING_COUNTED = 10_000;

const params = z.object({ webhook_id: z.string().max(200) });
/** Taken here and not by the keeper of answers, which would keep the secret in the clear. */
const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });
const errors = { 400: errorResponseSchema, 403: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema };
const tags = ['webhooks'];

/** What the routes of webhooks need. */
export type WebhookRouteParts = Pick<AppParts, 'webhooks' | 'maySee' | 'clock' | 'random'>;

/** The subscription of a request, or WEBHOOK_NOT_FOUND: also for one that the caller may not see. */
export async function findWebhook(
  { webhooks, maySee }: WebhookRouteParts,
  request: FastifyRequest,
  id: string,
): Promise<StoredWebhook> {
  const row = await webhooks.find(id);
  if (row !== undefined && mayManage(request.principal, row.project_id, maySee)) return row;
  throw new PlatformError('WEBHOOK_NOT_FOUND', `Cannot find the webhook "${id}"`);
}

async function view({ webhooks, clock }: WebhookRouteParts, row: StoredWebhook): Promise<Webhook> {
  const pending = await webhooks.deliveries.countPending(row.webhook_id, PENDING_COUNTED);
  return webhookView(row, { pending, now: clock.now(), blocked: await webhooks.blockedBecause(row) });
}

function keyOf({ random }: WebhookRouteParts, request: FastifyRequest): string {
  return headers.parse(request.headers)['idempotency-key'] ?? random.uuid();
}

/** `/webhooks`: who is told of events. */
export function webhookRoutes(parts: WebhookRouteParts): FastifyPluginAsyncZod {
  const { webhooks, maySee } = parts;
  return async (api) => {
    api.get(
      '/webhooks',
      {
        schema: {
          tags,
          summary: 'Webhooks',
          querystring: z.strictObject({
            cursor: cursorSchema,
            limit: z.coerce.number().int().min(1).max(100).default(50),
          }),
          response: { 200: webhookListSchema, ...errors },
        },
      },
      async (request) => {
        const { cursor, limit } = request.query;
        const [after] = cursor === undefined ? [''] : placeOf(cursor, namePlace);
        const isAll = request.access.mayIn(EVERY_PROJECT, 'webhooks:read');
        const projects = isAll ? undefined : request.access.scope('webhooks:read');
        const rows = await webhooks.list(after, { limit, projects });
        const last = rows.at(-1);
        const visible = rows.filter(({ project_id }) => mayManage(request.principal, project_id, maySee));
        return {
          webhooks: await Promise.all(visible.map((row) => view(parts, row))),
          next_cursor: cursorOf(last === undefined || rows.length < limit ? null : [last.webhook_id]),
        };
      },
    );

    api.post(
      '/webhooks',
      {
        schema: {
          tags,
          summary: 'Subscribe to events; the secret is shown this once',
          headers,
          body: webhookRequestSchema,
          response: { 201: webhookWithSecretSchema, ...errors, 422: errorResponseSchema },
        },
      },
      async (request, reply) => {
        const { body, userId, principal } = request;
        if (!mayManage(principal, body.project_id, maySee))
          throw new PlatformError(
            'FORBIDDEN',
            'Cannot make a webhook for this project, or for all of them: you may not see them',
          );
        const webhookId = `wh_${executionIdOf(userId, 'webhook', keyOf(parts, request))}`;
        const { row, secret, created } = await webhooks.create({ ...body, maker: principal, webhookId });
        if (!created) void reply.header('idempotent-replayed', 'true');
        return reply
          .status(201)
          .header('location', `/api/v1/webhooks/${webhookId}`)
          .send({ ...(await view(parts, row)), secret });
      },
    );
  };
}

/** `/webhooks/{id}`: one of them. */
export function oneWebhookRoutes(parts: WebhookRouteParts): FastifyPluginAsyncZod {
  const { webhooks } = parts;
  return async (api) => {
    api.get(
      '/webhooks/:webhook_id',
      { schema: { tags, summary: 'One webhook', params, response: { 200: webhookSchema, ...errors } } },
      async (request) => view(parts, await findWebhook(parts, request, request.params.webhook_id)),
    );

    api.patch(
      '/webhooks/:webhook_id',
      {
        schema: {
          tags,
          summary: 'Change, enable or disable a webhook',
          params,
          body: webhookChangeSchema,
          response: { 200: webhookSchema, ...errors, 422: errorResponseSchema },
        },
      },
      async (request) => {
        const { webhook_id: id } = await findWebhook(parts, request, request.params.webhook_id);
        const row = await webhooks.change(id, request.body);
        return view(parts, row ?? (await findWebhook(parts, request, id)));
      },
    );

    api.delete(
      '/webhooks/:webhook_id',
      { schema: { tags, summary: 'Remove a webhook and its log', params, response: { 204: z.null(), ...errors } } },
      async (request, reply) => {
        const { webhook_id: id } = await findWebhook(parts, request, request.params.webhook_id);
        await webhooks.remove(id);
        return reply.status(204).send(null);
      },
    );

    api.post(
      '/webhooks/:webhook_id/secret',
      {
        schema: {
          tags,
          summary: 'Give a webhook a new secret; for a while deliveries are signed with both',
          params,
          headers,
          body: secretRotationSchema,
          response: { 200: webhookWithSecretSchema, ...errors },
        },
      },
      async (request) => {
        const { webhook_id: id } = await findWebhook(parts, request, request.params.webhook_id);
        const keepMs = request.body.keep_previous_seconds * 1000;
        const rotated = await webhooks.rotate(id, { keepMs, key: keyOf(parts, request) });
        if (rotated === undefined) throw new PlatformError('WEBHOOK_NOT_FOUND', `Cannot find the webhook "${id}"`);
        return { ...(await view(parts, rotated.row)), secret: rotated.secret };
      },
    );
  };
}
