import { PlatformError, errorResponseSchema } from '@loopwright/protocol';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { LOGIN_LIMIT_MS, OidcLogin } from '../../identity/oidc/oidc-login.ts';
import { type CookieRules, cookieIn, setCookie } from '../../identity/session-cookie.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import { factsOf } from '../../audit/record-requests.ts';
import { recordable } from '../../audit/recordable.ts';
import type { ClaimedUser } from '../../identity/claim-rules.ts';
import type { AppParts } from '../app.ts';
import { endBrowserSession, localPath, openBrowserSession } from '../browser-sessions.ts';
import { answerError } from '../error-handler.ts';

/** What the page to sign in calls these errors; any other one is `unavailable`. */
const PROBLEMS: Readonly<Record<string, string>> = { UNAUTHORIZED: 'refused', LOGIN_NOT_CONFIGURED: 'not_configured' };

/** `/auth/login` and `/auth/callback`: the way to the identity provider and back. */
export function oidcLoginRoutes({
  identity,
  audit,
  dashboard,
}: Pick<AppParts, 'identity' | 'audit' | 'dashboard'>): FastifyPluginAsyncZod {
  const { users, cookies, login } = identity;
  return async (app) => {
    if (dashboard !== null) tellPeople(app, cookies);
    const tags = ['login'];
    const querystring = z.object({ return_to: z.string().max(2000).default('/') });
    app.get(
      '/auth/login',
      {
        schema: {
          tags,
          summary: 'Log in at the identity provider',
          querystring,
          response: { 302: z.null(), 404: errorResponseSchema },
        },
      },
      async ({ query: { return_to } }, reply) => {
        const { url, pending } = await configured(login).begin(localPath(return_to, cookies.basePath));
        const cookie = setCookie(cookies, cookies.login, pending, LOGIN_LIMIT_MS / 1000);
        return reply.header('set-cookie', cookie).header('cache-control', 'no-store').redirect(url);
      },
    );

    app.get(
      '/auth/callback',
      {
        // The provider decides what it adds to the address, so that nothing is refused here; and nobody else has any use for the route.
        schema: { hide: true },
      },
      async (request, reply) => {
        const pending = cookieIn(request.headers.cookie, cookies.login) ?? '';
        const provider = configured(login);
        const result = await provider.complete(new URL(request.url, 'http://own.invalid').search, pending);
        // Used or not, it is good for one answer only.
        void reply.header('set-cookie', setCookie(cookies, cookies.login, '', 0)).header('cache-control', 'no-store');
        if ('refused' in result) {
          request.log.info({ cause: result.refused, request_id: request.id }, 'Refused a login');
          request.refusedProof = { method: 'oidc', credentialId: null, reason: result.refused, provider: provider.issuer };
          throw new PlatformError(
            'UNAUTHORIZED',
            'Cannot log in: the answer of the identity provider is not valid; start again',
            {
              details: { reason: 'login_failed' },
            },
          );
        }
        const { userId, role, projects: grants } = result.user;
        await users.seen(result.user);
        const opening = { userId, role, grants, keyId: null, notAfter: null };
        const { session } = await openBrowserSession(identity, request, reply, opening);
        try {
          await recordLogin(audit, session.session_id, { request, user: result.user, provider: provider.issuer });
        } catch (error) {
          // A session that nobody knows of is none.
          await endBrowserSession(identity, userId, session.session_id);
          void reply.removeHeader('set-cookie').header('set-cookie', setCookie(cookies, cookies.login, '', 0));
          throw error;
        }
        return reply.redirect(localPath(result.returnTo, cookies.basePath));
      },
    );
  };
}

/** Whoever comes with a browser lands on the page to sign in, which says in words what went wrong; a program gets the error. */
function tellPeople(app: FastifyInstance, cookies: CookieRules): void {
  const pendingOf = (request: FastifyRequest): string | null => cookieIn(request.headers.cookie, cookies.login);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (request.headers.accept?.includes('text/html') !== true) return answerError(error, request, reply);
    const code = error instanceof PlatformError ? error.code : null;
    if (code !== 'UNAUTHORIZED') request.log.warn({ err: error, request_id: request.id }, 'Cannot log somebody in');
    const { return_to: wanted = OidcLogin.returnTo(pendingOf(request) ?? '') } = request.query as { return_to?: unknown };
    const back = localPath(typeof wanted === 'string' ? wanted : '/', cookies.basePath);
    const search = new URLSearchParams({ problem: PROBLEMS[code ?? ''] ?? 'unavailable', return_to: back });
    // Relative, so that it holds below whatever path a proxy serves it.
    void reply.header('cache-control', 'no-store').redirect(`../sign-in?${search.toString()}`);
  });
}

/** What a login says of itself, for the log. */
interface RecordedLogin {
  readonly request: FastifyRequest;
  readonly user: ClaimedUser;
  readonly provider: string;
}

/** Records who logged in, before they are told so. Throws AUDIT_FAILED. */
function recordLogin(audit: AuditLog, sessionId: string, { request, user, provider }: RecordedLogin): Promise<unknown> {
  const { userId, role, projects } = user;
  return audit.append({
    ...factsOf(request),
    kind: 'outcome',
    user_id: userId,
    method: 'oidc',
    credential_id: sessionId,
    object_kind: 'session',
    object_id: sessionId,
    after: recordable({ provider, role, grants: Object.fromEntries(projects) }),
    status: 302,
  });
}

function configured(login: OidcLogin | null): OidcLogin {
  if (login === null) throw new PlatformError('LOGIN_NOT_CONFIGURED', 'Cannot log in: no identity provider is configured');
  return login;
}
