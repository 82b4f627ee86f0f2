import { signInMethodsSchema } from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { AppParts } from '../app.ts';

/** `/auth/methods`: what a page that asks people to sign in has to offer. */
export function signInMethodRoutes({ identity }: Pick<AppParts, 'identity'>): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/auth/methods',
      {
        schema: {
          tags: ['login'],
          summary: 'How one can sign in here',
          response: { 200: signInMethodsSchema },
        },
      },
      async () => ({
        development: identity.mode === 'development',
        api_key: true as const,
        oidc: identity.login === null ? null : { issuer: identity.login.issuer },
      }),
    );
  };
}
