import {
  PlatformError,
  apiKeyListSchema,
  apiKeySchema,
  createApiKeyRequestSchema,
  errorResponseSchema,
  newApiKeySchema,
  rotateApiKeyRequestSchema,
} from '@loopwright/protocol';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { keyRights } from '../../identity/api-key-access.ts';
import { checkWithin, isUnrestrictedAdmin } from '../../identity/api-key-rights.ts';
import type { StoredApiKey } from '../../identity/api-keys.ts';
import type { Principal } from '../../identity/principal.ts';
import type { AppParts } from '../app.ts';
import { endCredential, endSessionsOf, endWhatWasOpened } from '../end-credential.ts';
import { apiKeyView, issuedKeyView } from '../identity-view.ts';
import { pageQuery } from '../manners/pages.ts';

/** A kept answer says that there is a key, not what it is. */
const withoutSecret = (body: string): string => JSON.stringify({ ...newApiKeySchema.parse(JSON.parse(body)), key: null });

/** `/api-keys`: one's own keys; an administrator's are everybody's. */
export function apiKeyRoutes({ identity }: Pick<AppParts, 'identity'>): FastifyPluginAsyncZod {
  const { keys, users } = identity;
  return async (api) => {
    const params = z.object({ key_id: z.string().max(100) });
    const tags = ['identity'];
    const notFound = { 404: errorResponseSchema };
    /** A key that the caller may change: their own or, for administrators, anybody's, and none that may more than the caller's credential. */
    const ownKey = async (keyId: string, principal: Principal): Promise<StoredApiKey> => {
      const row = await keys.find(keyId);
      if (row === undefined || (row.user_id !== principal.userId && !isUnrestrictedAdmin(principal)))
        throw new PlatformError('API_KEY_NOT_FOUND', `Cannot find the API key "${keyId}"`);
      if (keyId !== principal.credentialId) checkWithin(principal, keyRights(row));
      return row;
    };

    const querystring = pageQuery.extend({ user_id: z.string().max(200).optional() });
    api.get(
      '/api-keys',
      { schema: { tags, summary: 'API keys, the newest first', querystring, response: { 200: apiKeyListSchema } } },
      async ({ principal, query: { user_id, limit, cursor } }) => {
        const all = isUnrestrictedAdmin(principal);
        if (!all && user_id !== undefined && user_id !== principal.userId)
          throw new PlatformError('FORBIDDEN', 'Cannot list the keys of somebody else: only an administrator may');
        const [rows, next] = await keys.list(user_id ?? (all ? null : principal.userId), { limit, cursor });
        return { api_keys: rows.map(apiKeyView), next_cursor: next };
      },
    );

    api.post(
      '/api-keys',
      {
        config: { redactKept: withoutSecret },
        schema: {
          tags,
          summary: 'Make an API key; its secret is shown once',
          body: createApiKeyRequestSchema,
          response: { 201: newApiKeySchema },
        },
      },
      async ({ principal, body }, reply) => {
        if (isUnrestrictedAdmin(principal)) {
          // Whoever has the machine in hand gives the first roles; elsewhere a key promotes nobody.
          const role = principal.method === 'development' ? (body.role ?? null) : null;
          await users.ensure(body.user_id ?? principal.userId, role);
        }
        void reply.header('cache-control', 'no-store').status(201);
        return issuedKeyView(await keys.create(principal, body));
      },
    );

    api.post(
      '/api-keys/:key_id/rotate',
      {
        config: { redactKept: withoutSecret },
        schema: {
          tags,
          summary: 'Give an API key a new secret',
          params,
          body: rotateApiKeyRequestSchema.nullish().meta({ examples: [{ grace_seconds: 3600 }] }),
          response: { 200: newApiKeySchema, 409: errorResponseSchema, ...notFound },
        },
      },
      async ({ principal, params: { key_id }, body }, reply) => {
        await ownKey(key_id, principal);
        const graceMs = (body?.grace_seconds ?? 0) * 1000;
        const issued = await keys.rotate(key_id, graceMs);
        if (issued === undefined) throw new PlatformError('INVALID_STATE', 'Cannot rotate the API key: it is revoked');
        if (graceMs === 0) await endWhatWasOpened(identity, key_id);
        void reply.header('cache-control', 'no-store');
        return issuedKeyView(issued);
      },
    );

    api.delete(
      '/api-keys/:key_id',
      {
        schema: {
          tags,
          summary: 'Revoke an API key, with its sessions and streams',
          params,
          response: { 200: apiKeySchema, ...notFound },
        },
      },
      async ({ principal, params: { key_id } }) => {
        await ownKey(key_id, principal);
        const row = await keys.revoke(key_id);
        if (row === undefined) throw new PlatformError('API_KEY_NOT_FOUND', `Cannot find the API key "${key_id}"`);
        endCredential(identity, key_id);
        await endSessionsOf(identity, key_id);
        return apiKeyView(row);
      },
    );
  };
}
