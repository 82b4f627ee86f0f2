import { createTaskRequestSchema, errorResponseSchema, programNameSchema, taskResponseSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';

const tags = ['programs'];

/** `POST /tasks` of the source's later API, and `/programs/{name}/task`: what a program is to do. */
export function programTaskRoutes({ programs, tasks }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    api.post(
      '/tasks',
      {
        schema: {
          tags,
          summary: 'Say what a program is to do, with examples; it is made by the workflow `program-from-examples`',
          body: createTaskRequestSchema,
          response: { 201: taskResponseSchema, 400: errorResponseSchema, 409: errorResponseSchema },
        },
      },
      async ({ body, userId }, reply) => {
        await tasks.create(body, userId);
        const { name } = body;
        return reply
          .code(201)
          .header('location', `/api/v1/programs/${name}/task`)
          .send(await tasks.get(name, await programs.extent(name)));
      },
    );

    api.get(
      '/programs/:name/task',
      {
        schema: {
          tags,
          summary: 'What a program is to do, as it was said with `POST /tasks`',
          params: z.object({ name: programNameSchema }),
          response: { 200: taskResponseSchema, 404: errorResponseSchema },
        },
      },
      async ({ params: { name } }) => tasks.get(name, await programs.extent(name)),
    );
  };
}
