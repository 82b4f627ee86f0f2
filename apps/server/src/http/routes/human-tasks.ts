import {
  acceptanceRequestSchema,
  clarificationRequestSchema,
  errorResponseSchema,
  humanTaskSchema,
  humanTaskStateSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { noSuchTask } from '../../authorization/subjects.ts';
import type { AppParts } from '../app.ts';
import { humanTaskView } from '../execution-view.ts';
import { giveAnswer } from '../give-answer.ts';
import { idempotencyKeySchema } from '../idempotency.ts';

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

    const querystring = z.object({
      state: humanTaskStateSchema.default('open'),
      execution_id: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    });
    api.get(
      '/tasks',
      {
        schema: {
          tags: ['human tasks'],
          summary: 'Questions that were put to people',
          querystring,
          response: { 200: z.object({ tasks: z.array(humanTaskSchema) }) },
        },
      },
      async ({ access, query: { state, execution_id, limit } }) => {
        const tasks = engine.read.humanTasks({
          state,
          limit,
          projects: access.scope('tasks:read'),
          ...(execution_id === undefined ? {} : { executionId: execution_id }),
        });
        return { tasks: tasks.map(humanTaskView) };
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
          body: z.union([
            acceptanceRequestSchema.omit({ task_id: true, step_id: true }),
            clarificationRequestSchema.omit({ task_id: true, step_id: true }),
          ]),
          response: { 200: humanTaskSchema, 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema },
        },
      },
      async (request) => {
        const { task_id } = request.params;
        const { body } = request;
        await giveAnswer(
          parts,
          request,
          'accepted' in body
            ? { kind: 'acceptance', body: { ...body, task_id } }
            : { kind: 'clarification', body: { ...body, task_id } },
        );
        return find(task_id);
      },
    );
  };
}
