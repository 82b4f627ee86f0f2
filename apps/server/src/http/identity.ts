import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Unauthenticated } from '../identity/authenticator.ts';
import { checkCsrf } from '../identity/csrf.ts';
import { checkPage, hasIdentityHeaders } from '../identity/development-identity.ts';
import type { Identity } from '../identity/identity.ts';
import type { Principal } from '../identity/principal.ts';
import { isPublicRoute } from '../identity/public-routes.ts';
import { CHALLENGE } from './error-handler.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; empty on public routes. */
    userId: string;
    /** Who calls, how they proved it, and what they may; nobody on public routes. */
    principal: Principal;
    /** The value of the session's cookie, when that is how they proved it. */
    sessionSecret: string | null;
  }
  interface FastifyContextConfig {
    /** Whether callers without credentials have to send `X-User-Id` and `X-User-Email`, in development too (`seeds/001`). */
    requiresIdentityHeaders?: boolean;
  }
}

/** Finds out who makes each request before anything else happens with it: a principal, or 401. Public routes are those of `public-routes.ts`. */
export function useIdentity(app: FastifyInstance, identity: Identity, corsOrigins: readonly string[]): void {
  app.decorateRequest('userId', '');
  app.decorateRequest('principal');
  app.decorateRequest('sessionSecret', null);
  app.addHook('onRequest', async (request, reply) => {
    const peer = request.socket.remoteAddress;
    const { headers } = request;
    const ticket = takeTicket(request);
    const isPublic = isPublicRoute(request.routeOptions.url);
    const hasCredentials = isPublic || headers.authorization !== undefined || ticket !== undefined;
    if (identity.mode === 'development') checkPage({ headers, peer, hasCredentials }, { ...identity, corsOrigins });
    if (isPublic) return;
    const found = await identity.authenticator.authenticate({ headers, peer, ticket });
    if ('refused' in found) throw refuse(request, reply, found);
    const { principal, sessionSecret } = found;
    if (sessionSecret !== null) {
      const origin = { method: request.method, headers, isWebSocket: request.ws };
      checkCsrf(origin, sessionSecret, identity.cookies.originOf(headers.host ?? ''));
    }
    const isUnnamed = principal.method === 'development' && !hasIdentityHeaders(headers);
    if (request.routeOptions.config.requiresIdentityHeaders === true && isUnnamed)
      throw new PlatformError('UNAUTHORIZED', 'Missing user authentication headers (X-User-Id, X-User-Email)');
    request.userId = principal.userId;
    request.principal = principal;
    request.sessionSecret = sessionSecret;
    if (isStream(request)) followStream(request, reply, identity);
  });
}

/** A stream is what a browser opens without being able to send headers: a WebSocket, or an EventSource. */
function isStream({ ws, method, headers }: FastifyRequest): boolean {
  return ws || (method === 'GET' && headers.accept?.includes('text/event-stream') === true);
}

/** Takes the ticket of a stream out of the request, so that no schema and no log meets it. */
function takeTicket(request: FastifyRequest): string | undefined {
  const { query } = request;
  if (!isStream(request) || typeof query !== 'object' || query === null || !('ticket' in query)) return undefined;
  const { ticket } = query;
  delete query.ticket;
  return String(ticket);
}

/** A stream ends with the credential that opened it. */
function followStream({ ws, raw, principal }: FastifyRequest, reply: FastifyReply, { streams }: Identity): void {
  streams.opened(principal, {
    cut: () => raw.socket.destroy(),
    onClose: (listener) => (ws ? raw.socket : reply.raw).once('close', listener),
  });
}

/** The caller learns whether credentials were missing or wrong; the log has why. Neither has the credential. */
function refuse(request: FastifyRequest, reply: FastifyReply, { reason, refused, shown }: Unauthenticated): PlatformError {
  if (shown !== null) request.refusedProof = { ...shown, reason: refused };
  request.log.info(
    { cause: refused, peer: request.socket.remoteAddress, request_id: request.id },
    'Refused a request without an identity',
  );
  const isWrong = reason === 'invalid_credentials';
  if (isWrong) void reply.header('www-authenticate', `${CHALLENGE}, error="invalid_token"`);
  const message = isWrong
    ? 'Cannot tell who calls: the credentials are not valid'
    : 'Cannot tell who calls: there are no credentials';
  return new PlatformError('UNAUTHORIZED', message, { details: { reason } });
}
