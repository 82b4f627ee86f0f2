import { PlatformError, cloudEventSchema, errorResponseSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ADVANCE_TYPE } from '../../runs/profile/weave-phases.ts';
import type { AppParts } from '../app.ts';
import { readJsonBodies } from '../json-body.ts';

/** `/events`: events from outside, for executions that listen. */
export function cloudEventRoutes({ engine }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    readJsonBodies(api, 'application/cloudevents+json');
    api.post(
      '/events',
      {
        schema: {
          tags: ['events'],
          summary: 'Show an event to the executions that listen, of the projects where you may',
          body: cloudEventSchema,
          response: { 202: z.object({ delivered: z.int() }), 400: errorResponseSchema, 403: errorResponseSchema },
        },
      },
      async ({ access, body }, reply) => {
        if (body.type.startsWith(ADVANCE_TYPE))
          throw new PlatformError('FORBIDDEN', 'Cannot take the event: runs are advanced with POST /api/v1/runs/{run_id}/next');
        return reply.status(202).send({ delivered: await engine.publish(body, access.scope('events:publish')) });
      },
    );
  };
}
