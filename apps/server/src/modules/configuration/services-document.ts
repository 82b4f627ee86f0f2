import { z } from 'zod';

/** Name of a secret of `secrets_dir`; what it says stands in no file of configuration, no log and no answer. */
const secretName = z.string().min(1).max(256);
const timeout = z.number().min(0.1).max(600);

const cacheSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('memory'), max_characters: z.int().min(1000).max(4_000_000_000).optional() }),
  z.strictObject({
    kind: z.literal('redis'),
    /** Of `redis://[user:password@]host[:port][/database]`. */
    url_secret: secretName,
    /** Caches with one name on one server are one. */
    name: z
      .string()
      .regex(/^[\w.:-]{1,100}$/, 'is no name: letters, digits, "_", ".", ":" and "-"')
      .optional(),
    max_entries: z.int().min(1).max(100_000_000).optional(),
    timeout_seconds: timeout.optional(),
  }),
]);

const databaseSchema = z.strictObject({
  kind: z.literal('postgres'),
  /** Of `postgres://user:password@host:port/database`. */
  url_secret: secretName,
  max_connections: z.int().min(1).max(1000).optional(),
  timeout_seconds: timeout.optional(),
});

const jwtSchema = z
  .strictObject({
    algorithm: z.enum(['HS256', 'RS256', 'ES256', 'EdDSA']).default('HS256'),
    /** For HS256. */
    secret: secretName.optional(),
    /** For the others: where the public keys are. */
    jwks_url: z
      .url()
      .max(2000)
      .regex(/^https:\/\/|^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/]/, 'is not https, nor http on loopback')
      .optional(),
    audience: z.string().min(1).max(1000).optional(),
    issuer: z.string().min(1).max(1000).optional(),
    clock_tolerance_seconds: z.number().min(0).max(3600).optional(),
  })
  .refine(
    ({ algorithm, secret, jwks_url }) => (algorithm === 'HS256' ? secret !== undefined : jwks_url !== undefined),
    'needs "secret" for HS256, and "jwks_url" for the other algorithms',
  )
  .refine(
    ({ algorithm, secret, jwks_url }) => (algorithm === 'HS256' ? jwks_url === undefined : secret === undefined),
    'has both a secret and keys, or those of another algorithm',
  );

/** What the host itself has for its modules, by kind; which of them may use it is in their permissions. */
export const servicesSchema = z.strictObject({
  /** `null`: no cache. */
  Cache: cacheSchema.nullable().default({ kind: 'memory' }),
  Database: databaseSchema.optional(),
  Jwt: jwtSchema.optional(),
});
/** The `services` of `modules.yaml`. */
export type ServicesDocument = z.infer<typeof servicesSchema>;

/** Names of the secrets that services are made with, and where each stands. */
export function secretsOfServices({
  Cache,
  Database,
  Jwt,
}: ServicesDocument): { readonly name: string; readonly pointer: string }[] {
  return [
    ...(Cache?.kind === 'redis' ? [{ name: Cache.url_secret, pointer: '/services/Cache/url_secret' }] : []),
    ...(Database === undefined ? [] : [{ name: Database.url_secret, pointer: '/services/Database/url_secret' }]),
    ...(Jwt?.secret === undefined ? [] : [{ name: Jwt.secret, pointer: '/services/Jwt/secret' }]),
  ];
}
