import { PlatformError, isLoopback } from '@loopwright/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Principal } from '../identity/principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls. */
    userId: string;
    /** Who calls, how they proved it, and what they may. */
    principal: Principal;
  }
}

/**
 * Development identity: whoever can reach the loopback address is believed to be who the header says. So requests that a
 * web page sends on the visitor's behalf are refused: a foreign `Host` (a rebound name) and a foreign `Origin`.
 */
export function useDevelopmentIdentity(app: FastifyInstance): void {
  app.decorateRequest('userId', '');
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    if (!isLoopback(request.host)) {
      throw new PlatformError('FORBIDDEN', `Cannot answer for the host "${request.host}": this server serves loopback only`);
    }
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${request.host}`) {
      throw new PlatformError('FORBIDDEN', `Cannot answer a page of the origin "${origin}": it is not this server's`);
    }
    request.userId = userOf(request);
    request.principal = developmentPrincipal(request.userId);
  });
}

/** On a machine of one's own everybody may everything. */
function developmentPrincipal(userId: string): Principal {
  return { userId, email: null, method: 'development', role: 'admin', projects: new Map(), scopes: null, credentialId: null };
}

function userOf(request: FastifyRequest): string {
  const header = request.headers['x-user-id'] ?? request.headers['x-user-email'];
  const user = (Array.isArray(header) ? header[0] : header)?.trim();
  if (user === undefined || user === '') return 'developer';
  if (!/^[\w.@+-]{1,200}$/.test(user)) throw new PlatformError('UNAUTHORIZED', 'Cannot read X-User-Id: it is not a user name');
  return user;
}
