import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls. */
    userId: string;
  }
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '::1']);

/** Whether a host name is of this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

/**
 * Development identity: whoever can reach the loopback address is believed to be who the header says. So requests that a
 * web page sends on the visitor's behalf are refused: a foreign `Host` (a rebound name) and a foreign `Origin`.
 */
export function useDevelopmentIdentity(app: FastifyInstance): void {
  app.decorateRequest('userId', '');
  app.addHook('onRequest', async (request) => {
    const name = request.host.replace(/:\d+$/, '');
    if (!isLoopback(name))
      throw new PlatformError('FORBIDDEN', `Cannot answer for the host "${name}": this server serves loopback only`);
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${request.host}`) {
      throw new PlatformError('FORBIDDEN', `Cannot answer a page of the origin "${origin}": it is not this server's`);
    }
    request.userId = userOf(request);
  });
}

function userOf(request: FastifyRequest): string {
  const header = request.headers['x-user-id'] ?? request.headers['x-user-email'];
  const user = (Array.isArray(header) ? header[0] : header)?.trim();
  if (user === undefined || user === '') return 'developer';
  if (!/^[\w.@+-]{1,200}$/.test(user)) throw new PlatformError('UNAUTHORIZED', 'Cannot read X-User-Id: it is not a user name');
  return user;
}
