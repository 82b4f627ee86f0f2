import { errorResponseSchema, workflowScheduleSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { scheduleView } from '../schedule-view.ts';

/** Pause and resume of what starts executions of a workflow by itself. */
export function scheduleRoutes({ engine }: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    const schema = {
      tags: ['workflows'],
      params: z.object({ workflow_id: z.string().max(200) }),
      response: { 200: workflowScheduleSchema, 400: errorResponseSchema, 404: errorResponseSchema, 409: errorResponseSchema },
    };
    api.post(
      '/workflows/:workflow_id/schedule/pause',
      { schema: { ...schema, summary: 'Stop the schedule of a workflow' } },
      async ({ params: { workflow_id } }) => scheduleView(await engine.pauseSchedule(workflow_id)),
    );
    api.post(
      '/workflows/:workflow_id/schedule/resume',
      { schema: { ...schema, summary: 'Let the schedule of a workflow go on from now' } },
      async ({ params: { workflow_id } }) => scheduleView(await engine.resumeSchedule(workflow_id)),
    );
  };
}
