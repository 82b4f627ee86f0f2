import {
  acceptanceRequestSchema,
  clarificationRequestSchema,
  errorResponseSchema,
  humanTaskListSchema,
  humanTaskSchema,
  humanTaskStateSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noSuchTask } from '../../authorization/subjects.ts';
import type { AppParts } from '../app.ts';
import { humanTaskView } from '../execution-view.ts';
import { giveAnswer } from '../give-answer.ts';
import { cursorSchema, cutPage, placeOf, timePlace } from '../manners/pages.ts';
import { idempotencyKeySchema } from '../idempotency.ts';

/** A place in the list of human tasks: when one was asked or answered, and its id. */
function taskAt(cursor: string): { at: number; id: string } {
  const [at, id] = placeOf(cursor, timePlace);
  return { at, id };
}

/** Why an administrator of the project answers a question that is for another user; without it that is refused. */
const override = { override_reason: z.string().trim().min(1).max(2000).optional() };

/** Which questions are listed, in which order. */
const querystring = z.object({
  state: humanTaskStateSchema.default('open'),
  sort: z
    .enum(['created_at', '-answered_at'])
    .default('created_at')
    .describe('`-answered_at`: the answered ones, the newest answer first, whatever `state` says'),
  execution_id: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: cursorSchema,
});

/** `/tasks`: every question that was put to people, of all executions. */
export function humanTaskRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine } = parts;
  return async (api) => {
    const params = z.object({ task_id: z.string().max(200) });
    const find = (id: string): z.infer<typeof humanTaskSchema> => {
      const task = engine.read.humanTask(id);
      if (task === undefined) throw noSuchTask(id);
      return humanTaskView(task);
    };

    api.get(
      '/tasks',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'Questions that were put to people',
          querystring,
          response: { 200: humanTaskListSchema },
        },
      },
      async ({ access, query: { state, sort, execution_id, limit, cursor } }) => {
        const isByAnswer = sort === '-answered_at';
        const after = cursor === undefined ? undefined : taskAt(cursor);
        const found = engine.read.humanTasks({
          limit: limit + 1,
          projects: access.scope('tasks:read'),
          ...(execution_id === undefined ? {} : { executionId: execution_id }),
          ...(isByAnswer
            ? { byAnswer: after === undefined ? 'newest' : { answeredAt: after.at, id: after.id } }
            : { state, ...(after === undefined ? {} : { after: { createdAt: after.at, id: after.id } }) }),
        });
        const [page, next_cursor] = cutPage(found, limit, ({ id, createdAt, answeredAt }) => [
          isByAnswer ? (answeredAt ?? 0) : createdAt,
          id,
        ]);
        return { tasks: page.map(humanTaskView), next_cursor };
      },
    );

    api.get(
      '/tasks/:task_id',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'One question with its answer',
          params,
          response: { 200: humanTaskSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { task_id } }) => find(task_id),
    );

    api.post(
      '/tasks/:task_id/answer',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'Answer a question',
          params,
          headers: z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() }),
          body: z
            .union([
              acceptanceRequestSchema.omit({ task_id: true, step_id: true }).extend(override),
              clarificationRequestSchema.omit({ task_id: true, step_id: true }).extend(override),
            ])
            .meta({
              examples: [{ accepted: true, comment: 'The confusion matrix is fine' }, { answers: { ACCURACY_TARGET: 0.95 } }],
            }),
          response: { 200: humanTaskSchema, 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema },
        },
      },
      async (request) => {
        const { task_id } = request.params;
        const { override_reason: overrideReason, ...body } = request.body;
        await giveAnswer(
          parts,
          request,
          'accepted' in body
            ? { kind: 'acceptance', overrideReason, body: { ...body, task_id } }
            : { kind: 'clarification', overrideReason, body: { ...body, task_id } },
        );
        return find(task_id);
      },
    );
  };
}
