import { z } from 'zod';
import { claimRulesSchema } from '../claim-rules.ts';

const path = z.string().min(1).max(4096);

/** Asymmetric algorithms of JWS (RFC 7518, RFC 8037, RFC 9864) that are taken from issuers. */
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;

/** One issuer of tokens. The kind of its key fixes the kind of algorithms, so that no public key can ever be used as a secret. */
export const jwtIssuerSchema = z
  .strictObject({
    /** What `iss` has to be, to the letter. */
    issuer: z.string().min(1).max(500),
    /** What `aud` has to name: this server, not just any of the issuer's clients. */
    audience: z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).min(1).max(20)]),
    algorithms: z
      .array(z.enum([...PUBLIC_KEY_ALGORITHMS, ...SECRET_ALGORITHMS]))
      .min(1)
      .max(8),
    /** Where the public keys are: a URL, a file with a JSON Web Key Set, or a file with one key in PEM. */
    jwks_url: z.url({ protocol: /^https?$/ }).optional(),
    jwks_file: path.optional(),
    public_key_file: path.optional(),
    /** A file with the shared secret of HS256 and its like. */
    secret_file: path.optional(),
    /** What `typ` of the header may be, without "application/". */
    token_types: z.array(z.string().min(1).max(100)).min(1).max(10).default(['JWT', 'at+jwt']),
    clock_tolerance_seconds: z.int().min(0).max(300).default(30),
    /** The longest life that a token may claim, from `iat` to `exp`; null for any. */
    max_life_seconds: z.int().min(1).max(31_536_000).nullable().default(null),
    claims: claimRulesSchema.prefault({}),
  })
  .superRefine((issuer, context) => {
    const sources = [issuer.jwks_url, issuer.jwks_file, issuer.public_key_file, issuer.secret_file];
    if (sources.filter((source) => source !== undefined).length !== 1)
      context.addIssue('exactly one of jwks_url, jwks_file, public_key_file and secret_file has to be given');
    const isSecret = issuer.secret_file !== undefined;
    const odd = issuer.algorithms.find((algorithm) => algorithm.startsWith('HS') !== isSecret);
    if (odd !== undefined) context.addIssue(`the algorithm ${odd} does not go with ${isSecret ? 'a secret' : 'public keys'}`);
    if (issuer.jwks_url !== undefined && !isSafeUrl(issuer.jwks_url))
      context.addIssue('jwks_url has to be https, save on loopback');
  });
export type JwtIssuerSettings = z.output<typeof jwtIssuerSchema>;

/** Whether what is fetched from a URL comes from whom it names: over TLS, or from this machine. */
export function isSafeUrl(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}
