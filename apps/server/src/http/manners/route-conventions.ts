import { errorResponseSchema } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/**
 * What every route that is registered from now on has in common: a parameter of the query that it does not know is refused, each error has the
 * one form, and the OpenAPI document names the operation after its method and path.
 */
export function useRouteConventions(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { schema } = route;
    if (schema === undefined) return;
    const { querystring = z.object({}), hide, response } = schema;
    const isHidden = hide === true;
    route.schema = {
      ...schema,
      ...(querystring instanceof z.ZodObject && !(isHidden && schema.querystring === undefined)
        ? { querystring: querystring.strict() }
        : {}),
      ...(isHidden
        ? {}
        : {
            response: { default: errorResponseSchema, ...asRecord(response) },
            operationId: operationId(route.method, route.url),
          }),
    };
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** `GET /api/v1/executions/:execution_id/why` is `get_executions_execution_id_why`. */
function operationId(method: string | readonly string[], url: string): string {
  const words = url
    .replace('/api/v1', '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return [String([method].flat()[0]).toLowerCase(), ...(url.startsWith('/api/v1') ? [] : ['root']), ...words].join('_');
}
