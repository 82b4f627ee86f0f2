import type { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance } from 'fastify';
import { OPERATIONS, rowOf } from './permissions.ts';
import type { Rule } from './rule.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The row of the table that decides about the route. */
    permission?: { readonly operation: string; readonly rule: Rule };
  }
  interface FastifyRequest {
    /** Why a WebSocket is closed as soon as it is open; `null` for one that is served. */
    refusedStream: PlatformError | null;
  }
}

/** A WebSocket's code for what is against the rules: `seeds/004` has it for an execution that is not there. */
const POLICY_VIOLATION = 1008;

/**
 * Finds the row of every route that is registered from now on. Throws where a route has none, and before the server listens where a row has no route.
 * Register it before WebSockets are: it closes those that are refused before their handler sees them.
 */
export function requireRows(app: FastifyInstance): void {
  const unused = new Set(Object.keys(OPERATIONS));
  app.decorateRequest('refusedStream', null);
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) {
      // What may be sent at all: asked without an identity, and it touches nothing.
      if (method === 'OPTIONS') continue;
      const row = rowOf(method, route.url);
      if (row === undefined)
        throw new Error(`Cannot serve ${method} ${route.url}: authorization/permissions.ts says of nobody that they may`);
      unused.delete(row.operation);
      route.config = { ...route.config, permission: row };
    }
    const { wsHandler } = route;
    if (wsHandler === undefined) return;
    route.wsHandler = function (this: FastifyInstance, socket, request) {
      if (request.refusedStream === null) return wsHandler.call(this, socket, request);
      socket.close(POLICY_VIOLATION, request.refusedStream.code);
      return undefined;
    };
  });
  app.addHook('onReady', async () => {
    if (unused.size > 0) throw new Error(`Cannot serve: the table has rows without a route: ${[...unused].join(', ')}`);
  });
}
