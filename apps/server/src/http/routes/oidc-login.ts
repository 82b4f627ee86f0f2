import { PlatformError, errorResponseSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { LOGIN_LIMIT_MS, type OidcLogin } from '../../identity/oidc/oidc-login.ts';
import { cookieIn, setCookie } from '../../identity/session-cookie.ts';
import type { AppParts } from '../app.ts';
import { localPath, openBrowserSession } from '../browser-sessions.ts';

/** `/auth/login` and `/auth/callback`: the way to the identity provider and back. */
export function oidcLoginRoutes({ identity }: Pick<AppParts, 'identity'>): FastifyPluginAsyncZod {
  const { users, cookies, login } = identity;
  return async (app) => {
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
        const { url, pending } = await configured(login).begin(localPath(return_to));
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
        const result = await configured(login).complete(new URL(request.url, 'http://own.invalid').search, pending);
        // Used or not, it is good for one answer only.
        void reply.header('set-cookie', setCookie(cookies, cookies.login, '', 0)).header('cache-control', 'no-store');
        if ('refused' in result) {
          request.log.info({ cause: result.refused, request_id: request.id }, 'Refused a login');
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
        await openBrowserSession(identity, request, reply, { userId, role, grants, keyId: null, notAfter: null });
        return reply.redirect(localPath(result.returnTo));
      },
    );
  };
}

function configured(login: OidcLogin | null): OidcLogin {
  if (login === null) throw new PlatformError('LOGIN_NOT_CONFIGURED', 'Cannot log in: no identity provider is configured');
  return login;
}
