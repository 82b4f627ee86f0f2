import {
  PlatformError,
  errorResponseSchema,
  isoTime,
  meSchema,
  sessionListSchema,
  sessionSchema,
  streamTicketSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { csrfToken } from '../../identity/csrf.ts';
import type { AppParts } from '../app.ts';
import { endCredential } from '../end-credential.ts';
import { sessionView, timeOrNull } from '../identity-view.ts';
import { pageQuery } from '../manners/pages.ts';

const withoutSecret = (body: string): string => JSON.stringify({ ...streamTicketSchema.parse(JSON.parse(body)), ticket: null });

/** `/me`, one's own sessions, and tickets for streams. */
export function meRoutes({ identity }: Pick<AppParts, 'identity'>): FastifyPluginAsyncZod {
  const { sessions, tickets, users } = identity;
  return async (api) => {
    const tags = ['identity'];
    api.get(
      '/me',
      { schema: { tags, summary: 'Who the server takes the caller for', response: { 200: meSchema } } },
      async ({ access, principal, sessionSecret }, reply) => {
        void reply.header('cache-control', 'no-store');
        return {
          user_id: principal.userId,
          email: principal.email,
          name: await users.nameOf(principal.userId),
          method: principal.method,
          role: principal.role,
          grants: access.grants(),
          role_cap: principal.roleCap,
          scopes: principal.scopes === null ? null : [...principal.scopes],
          projects: principal.onlyProjects === null ? null : [...principal.onlyProjects],
          credential_id: principal.credentialId,
          expires_at: timeOrNull(principal.expiresAt),
          csrf_token: sessionSecret === null ? null : csrfToken(sessionSecret),
        };
      },
    );

    api.get(
      '/sessions',
      { schema: { tags, summary: "The caller's own sessions", querystring: pageQuery, response: { 200: sessionListSchema } } },
      async ({ principal: { userId, method, credentialId }, query }) => {
        const [rows, next] = await sessions.list(userId, query);
        const currentId = method === 'session' ? credentialId : null;
        return { sessions: rows.map((row) => sessionView(row, currentId)), next_cursor: next };
      },
    );

    api.delete(
      '/sessions/:session_id',
      {
        schema: {
          tags,
          summary: "End one of the caller's own sessions",
          params: z.object({ session_id: z.string().max(100) }),
          response: { 200: sessionSchema, 404: errorResponseSchema },
        },
      },
      async ({ principal: { userId, method, credentialId }, params: { session_id } }) => {
        const row = await sessions.end(userId, session_id);
        if (row === undefined) throw new PlatformError('SESSION_NOT_FOUND', `Cannot find the session "${session_id}"`);
        endCredential(identity, session_id);
        return sessionView(row, method === 'session' ? credentialId : null);
      },
    );

    api.post(
      '/stream-tickets',
      {
        config: { redactKept: withoutSecret },
        schema: {
          tags,
          summary: 'A ticket that opens one stream, once, within 30 seconds',
          response: { 201: streamTicketSchema },
        },
      },
      async ({ principal }, reply) => {
        const { ticket, expiresAt } = tickets.issue(principal);
        void reply.header('cache-control', 'no-store').status(201);
        return { ticket, expires_at: isoTime(expiresAt) };
      },
    );
  };
}
