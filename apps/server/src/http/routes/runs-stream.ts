import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AppParts } from '../app.ts';
import { executionPageSchema } from './event-pages.ts';
import { type EventRouteParts, answerEvents, sendEvents } from './events.ts';
import { oneRun } from './run-schemas.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The execution that the run of a request is now. */
    executionOfRun: string;
  }
}

/**
 * `/runs/{id}/stream`: the events of the execution that a run is now, as a WebSocket, as Server-Sent Events, or as a page of JSON: the streams of
 * executions under another address. A run that is retried goes on as another execution, whose stream begins anew.
 */
export function runStreamRoutes(parts: EventRouteParts & Pick<AppParts, 'runs'>): FastifyPluginAsyncZod {
  return async (api) => {
    api.decorateRequest('executionOfRun', '');
    api.addHook('preHandler', async (request) => {
      const { run_id: runId } = oneRun.params.parse(request.params);
      request.executionOfRun = (await parts.runs.find(runId)).execution_id;
    });
    api.route({
      method: 'GET',
      url: '/runs/:run_id/stream',
      schema: {
        ...executionPageSchema,
        tags: oneRun.tags,
        summary: 'Events of a run, as a stream or in pages',
        params: oneRun.params,
      },
      handler: async (request, reply) => answerEvents(parts, request.executionOfRun, { request, reply }),
      wsHandler: (socket, request) => sendEvents(parts, request.executionOfRun, { socket, request }),
    });
  };
}
