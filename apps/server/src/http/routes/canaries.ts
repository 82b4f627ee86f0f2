import {
  ACTIVE_ALIAS,
  type Canary,
  PlatformError,
  type Rollout,
  canaryActionRequestSchema,
  canarySchema,
  errorResponseSchema,
  programNameSchema,
  startCanaryRequestSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ProgramReferences, ProgramVersion } from '../../programs/program-references.ts';
import { nameRevision, rolloutTag, shownTag } from '../../rollouts/rollout-view.ts';
import { checkIfMatch, tagOf } from '../alias-tag.ts';
import type { AppParts } from '../app.ts';

const tags = ['validation'];
const headers = z.looseObject({ 'if-match': z.string().max(200).optional() });
const missing = { 404: errorResponseSchema };
const refused = { ...missing, 409: errorResponseSchema, 412: errorResponseSchema, 428: errorResponseSchema };
const ACTIONS = [
  {
    name: 'progress',
    action: 'advance',
    summary: 'Go to the next stage of a canary now; behind the last one its version becomes active',
  },
  { name: 'rollback', action: 'rollback', summary: 'End a canary and give its version nothing more' },
] as const;

/**
 * `/validation/programs/canary` and `/validation/tasks/{name}/canary`: rollouts of the mode `canary`, as the source has them (`reference/domain.md` §3.5).
 * Beside the source's bodies each move needs `If-Match`, as every other move here does.
 */
export function canaryRoutes({ programs, rollouts }: AppParts): FastifyPluginAsyncZod {
  const { references } = programs;
  return async (api) => {
    api.post(
      '/validation/programs/canary/start',
      {
        schema: {
          tags,
          summary:
            'Give a version a growing share of the requests: 5, 25, 50 and 100 percent, unless other stages are named; `If-Match` has the ETag of the alias',
          headers,
          body: startCanaryRequestSchema,
          response: { 201: canarySchema, 400: errorResponseSchema, ...refused },
        },
      },
      async ({ body, headers: { 'if-match': wanted }, userId }, reply) => {
        const { new_program_id: id, current_program_id: current, task_id: task, ...settings } = body;
        const next = await references.get(id);
        if (task !== undefined) requireSame({ name: task }, next, 'task_id');
        const alias = await programs.alias(next.name, ACTIVE_ALIAS);
        checkIfMatch(wanted, tagOf(alias), { what: 'the alias', current: alias });
        const expected =
          current === undefined ? undefined : requireSame(await references.find(current), next, 'current_program_id');
        const rollout = await rollouts.start(
          next.name,
          { ...settings, candidate: next.version, mode: 'canary', alias: ACTIVE_ALIAS },
          { userId, expected: expected?.version ?? alias.version },
        );
        return reply
          .code(201)
          .header('etag', rolloutTag(rollout))
          .send(await canaryOf(rollout, references));
      },
    );

    for (const { name, action, summary } of ACTIONS)
      api.post(
        `/validation/programs/canary/:canary_id/${name}`,
        {
          schema: {
            tags,
            summary: `${summary}; \`If-Match\` has its ETag as it was seen`,
            params: z.object({ canary_id: z.string().min(1).max(100) }),
            headers,
            body: canaryActionRequestSchema,
            response: { 200: canarySchema, ...refused },
          },
        },
        async ({ params: { canary_id: rolloutId }, headers: { 'if-match': wanted }, body: { reason }, userId }, reply) => {
          const { program } = await rollouts.find(rolloutId);
          const done = await rollouts.act({ program, rolloutId, action }, { userId, reason: reason ?? null }, (seen, tag) =>
            checkIfMatch(nameRevision(wanted), tag, { what: 'the canary', current: seen }),
          );
          return reply.header('etag', rolloutTag(done)).send(await canaryOf(done, references));
        },
      );

    api.get(
      '/validation/tasks/:name/canary',
      {
        schema: {
          tags,
          summary: 'The newest canary of a program, under way or ended',
          params: z.object({ name: programNameSchema }),
          response: { 200: canarySchema, ...missing },
        },
      },
      async ({ params: { name } }, reply) => {
        await programs.versions(name);
        const rollout = await rollouts.newestCanary(name);
        if (rollout === undefined)
          throw new PlatformError('ROLLOUT_NOT_FOUND', `Cannot find a canary of "${name}": there was none`);
        const canary = await canaryOf(rollout, references);
        return reply.header('etag', shownTag(rollout, canary)).send(canary);
      },
    );
  };
}

/** Throws VALIDATION_ERROR when something else of the request is not of the program of the version. */
function requireSame<Named extends { readonly name: string }>(
  other: Named | undefined,
  next: ProgramVersion,
  field: string,
): Named {
  if (other?.name === next.name) return other;
  throw new PlatformError('VALIDATION_ERROR', `Cannot start a canary: \`${field}\` is not of the program "${next.name}"`, {
    details: { issues: [{ pointer: `/body/${field}`, message: `is not of the program "${next.name}"` }] },
  });
}

async function canaryOf(rollout: Rollout, references: ProgramReferences): Promise<Canary> {
  const { program, candidate, incumbent, status } = rollout;
  const idOf = async (version: number): Promise<string> =>
    (await references.find(`${program}@${version}`))?.id ?? `${program}@${version}`;
  return {
    id: rollout.rollout_id,
    task_id: program,
    new_program_id: await idOf(candidate),
    current_program_id: await idOf(incumbent),
    current_stage: rollout.current_stage,
    current_percentage: rollout.current_percentage,
    status: status === 'promoting' ? 'in_progress' : status,
    status_reason: rollout.status_reason,
    history: rollout.history.map(({ by: _by, ...entry }) => entry),
    started_at: rollout.started_at,
    completed_at: rollout.completed_at,
  };
}
