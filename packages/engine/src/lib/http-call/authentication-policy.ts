import { z } from 'zod';
import type { Invocation } from '../interpreter/call-function.ts';
import { configurationFailure } from './call-error.ts';
import { type TokenSource, tokenSourceSchema } from './token-source.ts';

const text = z.string().max(16_384);
const credentialsSchema = z.strictObject({ username: text, password: text });
const tokenSchema = z.strictObject({ token: text.min(1) });
/** A user and a password, for the schemes basic and digest. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** How a caller shows who it is; exactly one member. */
export type AuthenticationPolicy =
  | { readonly basic: Credentials }
  | { readonly digest: Credentials }
  | { readonly bearer: z.infer<typeof tokenSchema> }
  | { readonly oauth2: TokenSource }
  | { readonly oidc: TokenSource };

/** A policy whose credentials are a token that an authority gives. */
export type TokenPolicy = Extract<AuthenticationPolicy, { oauth2: unknown } | { oidc: unknown }>;

/** A policy as a definition writes it: itself, the name of one, or the name of a secret with its properties. */
export type AuthenticationReference = Readonly<Record<string, unknown>>;

const byScheme = {
  basic: z.strictObject({ basic: credentialsSchema }),
  digest: z.strictObject({ digest: credentialsSchema }),
  bearer: z.strictObject({ bearer: tokenSchema }),
  oauth2: z.strictObject({ oauth2: tokenSourceSchema }),
  oidc: z.strictObject({ oidc: tokenSourceSchema }),
} as const;
const secretSchema = z.strictObject({ use: z.string().min(1) });

/** Checks a policy or reference. Messages name members and never show values. */
export const authenticationSchema: z.ZodType<AuthenticationReference> = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const issue = firstIssue(value);
    if (issue !== undefined) context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
  });

function firstIssue(value: AuthenticationReference): { message: string; path: PropertyKey[] } | undefined {
  const [scheme, ...others] = Object.keys(value);
  const schemes = ['use', ...Object.keys(byScheme)];
  if (scheme === undefined || others.length > 0 || !schemes.includes(scheme)) {
    return { message: `must have exactly one of ${schemes.join(', ')}`, path: [] };
  }
  if (scheme === 'use') return secretSchema.safeParse(value).error?.issues[0];
  if (secretSchema.safeParse(value[scheme]).success) return undefined;
  return byScheme[scheme as keyof typeof byScheme].safeParse(value).error?.issues[0];
}

/** Follows the names in a policy. Throws the standard's `configuration` error for one that does not exist or is wrong. */
export function resolveAuthentication(
  reference: AuthenticationReference,
  { credentials }: Pick<Invocation<unknown>, 'credentials'>,
): AuthenticationPolicy {
  let policy = reference;
  if ('use' in policy) {
    const name = String(policy['use']);
    const found = credentials?.authentication(name);
    if (found === undefined)
      throw configurationFailure(`Cannot authenticate with "${name}": use.authentications has none of that name`);
    const parsed = authenticationSchema.safeParse(found);
    if (!parsed.success || 'use' in parsed.data) throw wrongPolicy(name, parsed.error?.issues[0]);
    policy = parsed.data;
  }
  const scheme = Object.keys(policy)[0] as keyof typeof byScheme;
  const secret = secretSchema.safeParse(policy[scheme]);
  if (secret.success) {
    const name = secret.data.use;
    const found = credentials?.secret(name);
    if (found === undefined)
      throw configurationFailure(`Cannot authenticate with the secret "${name}": there is none of that name`);
    policy = { [scheme]: found };
  }
  const parsed = byScheme[scheme].safeParse(policy);
  if (!parsed.success) throw wrongPolicy(secret.data?.use ?? scheme, parsed.error.issues[0]);
  return parsed.data;
}

function wrongPolicy(name: string, issue: z.core.$ZodIssue | undefined): Error {
  const what = issue === undefined ? 'it refers to another one' : `/${issue.path.join('/')}: ${issue.message}`;
  return configurationFailure(`Cannot authenticate with "${name}": ${what}`);
}
