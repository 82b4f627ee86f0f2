import { type Progress, type WorkflowDefinition, mermaidOf } from '@loopwright/engine';
import { type Diagram, PlatformError, diagramSchema, errorResponseSchema } from '@loopwright/protocol';
import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AppParts } from '../app.ts';
import { findExecution, oneExecution } from './execution-schemas.ts';

/** Flow charts of definitions and of executions, for Mermaid; `?format=json` wraps the text and adds the facts. */
export function diagramRoutes(parts: AppParts): FastifyPluginAsyncZod {
  const { engine } = parts;
  return async (api) => {
    const querystring = z.object({ format: z.enum(['mermaid', 'json']).default('mermaid') });
    const response = {
      200: {
        description: 'A flow chart',
        content: { 'text/vnd.mermaid': { schema: z.string() }, 'application/json': { schema: diagramSchema } },
      },
      400: errorResponseSchema,
      404: errorResponseSchema,
      409: errorResponseSchema,
    };
    const draw = (reply: FastifyReply, format: string, drawn: Drawn): FastifyReply => {
      const mermaid = mermaidOf(drawn.definition, drawn.progress);
      if (format !== 'json') return reply.type('text/vnd.mermaid; charset=utf-8').send(mermaid);
      const diagram: Diagram = { mermaid, tasks: Object.fromEntries(drawn.progress ?? []) };
      return reply.type('application/json').send(diagram);
    };

    api.get(
      '/workflows/:workflow_id/diagram',
      {
        schema: {
          tags: ['workflows'],
          summary: 'A workflow as a flow chart',
          params: z.object({ workflow_id: z.string().max(200) }),
          querystring,
          response,
        },
      },
      async ({ params: { workflow_id }, query: { format } }, reply) => {
        const definition = engine.definitions.get(workflow_id);
        if (definition === undefined) throw new PlatformError('WORKFLOW_NOT_FOUND', `Cannot find the workflow "${workflow_id}"`);
        return draw(reply, format, { definition });
      },
    );
    api.get(
      '/executions/:execution_id/diagram',
      {
        schema: {
          tags: ['executions'],
          summary: 'How far an execution has come, as a flow chart',
          params: oneExecution.params,
          querystring,
          response,
        },
      },
      async ({ params: { execution_id }, query: { format } }, reply) =>
        draw(reply, format, await engine.operations.progress(findExecution(parts, execution_id).id)),
    );
  };
}

interface Drawn {
  readonly definition: WorkflowDefinition;
  readonly progress?: Progress;
}
