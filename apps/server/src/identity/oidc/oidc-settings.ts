import { z } from 'zod';
import { claimRulesSchema } from '../claim-rules.ts';
import { PUBLIC_KEY_ALGORITHMS, isSafeUrl } from '../jwt/issuer-settings.ts';

/** The identity provider with which people log in at a browser. */
export const oidcSchema = z.strictObject({
  /** Where `/.well-known/openid-configuration` is. */
  issuer: z.url({ protocol: /^https?$/ }).refine(isSafeUrl, 'has to be https, save on loopback'),
  client_id: z.string().min(1).max(500),
  /** A file with the client's secret; left out for a public client, which PKCE protects alone. */
  client_secret_file: z.string().min(1).max(4096).optional(),
  client_authentication: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
    .max(50)
    .default(['openid', 'email', 'profile']),
  /** The one algorithm with which ID tokens are signed. */
  id_token_algorithm: z.enum(PUBLIC_KEY_ALGORITHMS).default('RS256'),
  claims: claimRulesSchema.prefault({}),
});
export type OidcSettings = z.output<typeof oidcSchema>;
