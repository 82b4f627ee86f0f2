import {
  errorResponseSchema,
  programNameSchema,
  rolloutActionRequestSchema,
  rolloutActionSchema,
  rolloutListSchema,
  rolloutSchema,
  startRolloutRequestSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { nameRevision, rolloutTag, shownTag } from '../../rollouts/rollout-view.ts';
import { checkIfMatch, tagOf } from '../alias-tag.ts';
import type { AppParts } from '../app.ts';
import { cutPage, pageQuery, placeOf, timePlace } from '../manners/pages.ts';

const SUMMARIES = {
  pause: 'Keep a rollout where it is',
  resume: 'Let a paused rollout go on',
  advance: 'Go to the next stage of a rollout now',
  promote: 'Let the alias of a rollout point to its candidate now',
  rollback: 'End a rollout and give the candidate nothing more',
} as const;

const headers = z.looseObject({ 'if-match': z.string().max(200).optional() });
const missing = { 404: errorResponseSchema };
const refused = { ...missing, 409: errorResponseSchema, 412: errorResponseSchema, 428: errorResponseSchema };
const params = z.object({ name: programNameSchema });
const oneParams = params.extend({ rollout_id: z.string().min(1).max(100) });

/** `/programs/{name}/rollouts`: moving from one version to another step by step, or trying one beside the active one. */
export function programRolloutRoutes({ programs, rollouts }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.get(
      '/programs/:name/rollouts',
      {
        schema: {
          tags: ['programs'],
          summary: 'Rollouts of a program, the newest first',
          params,
          querystring: pageQuery,
          response: { 200: rolloutListSchema, 400: errorResponseSchema, ...missing },
        },
      },
      async ({ params: { name }, query: { limit, cursor } }) => {
        await programs.versions(name);
        const behind = cursor === undefined ? undefined : placeOf(cursor, timePlace);
        const list = await rollouts.list(name, { limit: limit + 1, behind });
        const [page, next] = cutPage(list, limit, ({ started_at: at, rollout_id: id }) => [Date.parse(at), id]);
        return { rollouts: page, next_cursor: next };
      },
    );

    api.post(
      '/programs/:name/rollouts',
      {
        schema: {
          tags: ['programs'],
          summary:
            'Give a version a growing share of the requests of an alias, or copies of them; `If-Match` has the ETag of the alias as it was seen',
          params,
          headers,
          body: startRolloutRequestSchema,
          response: { 201: rolloutSchema, ...refused },
        },
      },
      async ({ params: { name }, headers: { 'if-match': wanted }, body, userId }, reply) => {
        const seen = await programs.alias(name, body.alias);
        checkIfMatch(wanted, tagOf(seen), { what: 'the alias', current: seen });
        const rollout = await rollouts.start(name, body, { userId: userId ?? 'unknown', expected: seen.version });
        return reply.code(201).header('etag', rolloutTag(rollout)).send(rollout);
      },
    );

    api.get(
      '/programs/:name/rollouts/:rollout_id',
      {
        schema: {
          tags: ['programs'],
          summary: 'What a rollout has seen and what it waits for',
          params: oneParams,
          response: { 200: rolloutSchema, ...missing },
        },
      },
      async ({ params: { name, rollout_id: id } }, reply) => {
        await programs.versions(name);
        const rollout = await rollouts.get(name, id);
        return reply.header('etag', shownTag(rollout, rollout)).send(rollout);
      },
    );

    for (const action of rolloutActionSchema.options)
      api.post(
        `/programs/:name/rollouts/:rollout_id/${action}`,
        {
          schema: {
            tags: ['programs'],
            summary: `${SUMMARIES[action]}; \`If-Match\` has its ETag as it was seen`,
            params: oneParams,
            headers,
            body: rolloutActionRequestSchema,
            response: { 200: rolloutSchema, ...refused },
          },
        },
        async ({ params: { name, rollout_id: rolloutId }, headers: { 'if-match': wanted }, body: { reason }, userId }, reply) => {
          await programs.versions(name);
          const by = { userId: userId ?? 'unknown', reason: reason ?? null };
          const rollout = await rollouts.act({ program: name, rolloutId, action }, by, (current, tag) =>
            checkIfMatch(nameRevision(wanted), tag, { what: 'the rollout', current }),
          );
          return reply.header('etag', rolloutTag(rollout)).send(rollout);
        },
      );
  };
}
