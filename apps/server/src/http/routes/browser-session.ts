import { PlatformError, errorResponseSchema, isoTime, logoutResponseSchema, openedSessionSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { checkOrigin, csrfToken } from '../../identity/csrf.ts';
import type { AppParts } from '../app.ts';
import { endBrowserSession, openBrowserSession, sendCookie } from '../browser-sessions.ts';

/** `/auth/session` and `/auth/logout`: a session of a browser begins with an API key, and ends. */
export function browserSessionRoutes({ identity }: Pick<AppParts, 'identity'>): FastifyPluginAsyncZod {
  const { sessions, cookies, login } = identity;
  return async (app) => {
    const tags = ['login'];
    app.post(
      '/auth/session',
      {
        config: { sealsKept: true },
        // Before an answer is given again, too: a page of somebody else must not log its visitor in as somebody else.
        onRequest: async ({ headers, method }) => {
          if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
            checkOrigin({ method, headers, isWebSocket: false }, cookies.originOf(headers.host ?? ''));
        },
        schema: {
          tags,
          summary: 'Open a session of a browser with an API key',
          response: { 201: openedSessionSchema, 403: errorResponseSchema },
        },
      },
      async (request, reply) => {
        const { principal } = request;
        if (principal.method !== 'api_key' || principal.credentialId === null)
          throw new PlatformError('FORBIDDEN', 'Cannot open a session: it takes an API key as Authorization: Bearer');
        const { userId, credentialId: keyId, expiresAt: notAfter } = principal;
        const opened = await openBrowserSession(identity, request, reply, {
          userId,
          keyId,
          notAfter,
          role: null,
          grants: new Map(),
        });
        const { session_id, expires_at } = opened.session;
        return reply.status(201).send({
          session_id,
          user_id: userId,
          csrf_token: csrfToken(opened.secret),
          expires_at: isoTime(expires_at),
        });
      },
    );

    app.post(
      '/auth/logout',
      {
        config: { sealsKept: true, endsSession: true },
        schema: {
          tags,
          summary: 'End the session of this browser',
          response: { 200: logoutResponseSchema, 403: errorResponseSchema },
        },
      },
      async ({ principal }, reply) => {
        const { method, userId, credentialId } = principal;
        if (method !== 'session' || credentialId === null)
          throw new PlatformError('FORBIDDEN', 'Cannot log out: the request is not made in a session');
        const isOidc = await sessions.isOidc(credentialId);
        await endBrowserSession(identity, userId, credentialId);
        void sendCookie(reply, cookies, '', 0);
        // The session here has ended already; a provider that is away does not undo that.
        return { end_session_url: isOidc && login !== null ? await login.endSessionUrl().catch(() => null) : null };
      },
    );
  };
}
