import { z } from 'zod';
import { nextCursorSchema } from './pages.ts';

const time = z.iso.datetime({ offset: true });

/** The longest name of a user, in characters. */
export const USER_ID_LIMIT = 200;

/** A name, an address, or `issuer|subject`; no character that cannot be seen, so that what people read is what is compared. */
export const userIdSchema = z
  .string()
  .max(USER_ID_LIMIT)
  .regex(/^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u, 'is no name of a user');

export const roleSchema = z.enum(['viewer', 'operator', 'admin']);

/** A permission such as `executions:read`. */
export const scopeSchema = z
  .string()
  .regex(/^[a-z][a-z_-]{0,40}:[a-z][a-z_-]{0,40}$/, 'is no permission such as "executions:read"');

/** The longest life of an API key, in days. */
export const KEY_LIFE_LIMIT_DAYS = 3660;

const restrictions = {
  /** The most that the key may; null: whatever its owner may. */
  role: roleSchema.nullable(),
  /** The permissions that the key has; null: all that the role has. */
  scopes: z.array(scopeSchema).min(1).max(100).nullable(),
  /** The only projects that the key reaches; null: all that its owner reaches. */
  projects: z.array(z.string().min(1).max(200)).min(1).max(100).nullable(),
};

/** An API key without its secret, which nobody can read again. */
export const apiKeySchema = z.object({
  key_id: z.string(),
  name: z.string(),
  user_id: z.string(),
  ...restrictions,
  created_at: time,
  expires_at: time.nullable(),
  /** Exact to a minute. */
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** `POST /api/v1/api-keys`. What is left out is not restricted, as far as the caller is not. */
export const createApiKeyRequestSchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    /** Whose key it is; only an administrator makes one for somebody else. */
    user_id: userIdSchema.optional(),
    role: restrictions.role.optional(),
    scopes: restrictions.scopes.optional(),
    projects: restrictions.projects.optional(),
    expires_at: time.nullable().optional(),
  })
  .meta({
    examples: [
      {
        name: 'nightly import',
        role: 'operator',
        scopes: ['executions:read', 'executions:write'],
        expires_at: '2027-06-30T00:00:00Z',
      },
    ],
  });
export type CreateApiKeyRequest = z.infer<typeof createApiKeyRequestSchema>;

/** `POST /api/v1/api-keys/{key_id}/rotate`: how long the old secret is still good, in seconds. */
export const rotateApiKeyRequestSchema = z.strictObject({ grace_seconds: z.int().min(0).max(604_800).default(0) });

/** A key with its secret: shown once. `key` is null when the answer is repeated under its Idempotency-Key, because the secret is not kept. */
export const newApiKeySchema = apiKeySchema.extend({ key: z.string().nullable() });
export type NewApiKey = z.infer<typeof newApiKeySchema>;

export const apiKeyListSchema = z.object({ api_keys: z.array(apiKeySchema), next_cursor: nextCursorSchema });
export type ApiKeyList = z.infer<typeof apiKeyListSchema>;

/** A session of a browser. */
export const sessionSchema = z.object({
  session_id: z.string(),
  /** How it was opened. */
  opened_with: z.enum(['oidc', 'api_key']),
  created_at: time,
  /** Exact to a minute. */
  last_seen_at: time,
  /** When it ends, however much it is used. */
  expires_at: time,
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
  /** Whether this very request was made in it. */
  current: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;
export const sessionListSchema = z.object({ sessions: z.array(sessionSchema), next_cursor: nextCursorSchema });
export type SessionList = z.infer<typeof sessionListSchema>;

/** `GET /api/v1/me`: who the server takes the caller for. */
export const meSchema = z.object({
  user_id: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  method: z.enum(['development', 'api_key', 'jwt', 'session']),
  role: roleSchema,
  /** Roles on single projects, which count instead of `role`. */
  grants: z.array(z.object({ project_id: z.string(), role: roleSchema })),
  /** The most that the credential may, whatever the user may; null: no such limit. */
  role_cap: roleSchema.nullable(),
  scopes: z.array(z.string()).nullable(),
  /** The only projects that the credential reaches; null: no such limit. */
  projects: z.array(z.string()).nullable(),
  credential_id: z.string().nullable(),
  /** When the credential ends; null when it does not. */
  expires_at: time.nullable(),
  /** What unsafe requests of a session send as `X-CSRF-Token`; null without a session. */
  csrf_token: z.string().nullable(),
});
export type Me = z.infer<typeof meSchema>;

/** `POST /api/v1/stream-tickets`: opens one stream, once, as `?ticket=`, for clients that can send no headers. */
export const streamTicketSchema = z.object({ ticket: z.string().nullable(), expires_at: time });
export type StreamTicket = z.infer<typeof streamTicketSchema>;

/** `POST /auth/session`: the session of this browser, whose cookie came with the answer. */
export const openedSessionSchema = z.object({
  session_id: z.string(),
  user_id: z.string(),
  /** What unsafe requests of the session send as `X-CSRF-Token`. */
  csrf_token: z.string(),
  expires_at: time,
});

/** `GET /auth/methods`: how one can sign in. */
export const signInMethodsSchema = z.object({
  /** Whoever is on the machine of the server is believed. */
  development: z.boolean(),
  api_key: z.literal(true),
  /** The provider at which `GET /auth/login` begins a login; null without one. */
  oidc: z.object({ issuer: z.string() }).nullable(),
});
export type SignInMethods = z.infer<typeof signInMethodsSchema>;

/** `POST /auth/logout`: where the browser goes to end the session of the identity provider too; null when there is no such place. */
export const logoutResponseSchema = z.object({ end_session_url: z.string().nullable() });
