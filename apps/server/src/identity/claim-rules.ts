import { userIdSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type Role, highestRole } from './principal.ts';

const role = z.enum(['viewer', 'operator', 'admin']);
const claim = z.string().min(1).max(200);

/** How the claims of a token become a user. A claim is named, or pointed to as in `/realm_access/roles`. */
export const claimRulesSchema = z.strictObject({
  /** The claim that is the user's id; null: `iss|sub`, which no other issuer can give. */
  user_claim: claim.nullable().default(null),
  email_claim: claim.default('email'),
  name_claim: claim.default('name'),
  /** The claim with roles or groups, a text or a list; null: roles stand in the server's tables only. */
  role_claim: claim.nullable().default(null),
  /** Which role a value of the claim stands for. Values that are not listed stand for nothing. */
  roles: z.record(z.string().max(200), role).default({ viewer: 'viewer', operator: 'operator', admin: 'admin' }),
  /** The claim with roles on single projects: an object of roles by project; null for none. */
  projects_claim: claim.nullable().default(null),
});
type ClaimRules = z.output<typeof claimRulesSchema>;

/** Who a token is about. */
export interface ClaimedUser {
  readonly userId: string;
  readonly email: string | null;
  readonly name: string | null;
  /** The role that the token gives; `null`: it says nothing that counts. */
  readonly role: Role | null;
  readonly projects: ReadonlyMap<string, Role>;
}

type Claims = Readonly<Record<string, unknown>>;

const PROJECTS_LIMIT = 1000;
const emailSchema = z.email().max(254);
const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]+$/u);

/** The user in the claims of a token whose signature, issuer and audience were right; or why there is none, for the log. */
export function userOfClaims(claims: Claims, rules: ClaimRules): ClaimedUser | { readonly refused: string } {
  const email = emailSchema.safeParse(claimAt(claims, rules.email_claim)).data ?? null;
  const isVerified = claims['email_verified'] === true;
  if (rules.user_claim === 'email' && !isVerified) return { refused: 'the address is not verified' };
  const id = userIdSchema.safeParse(userIdIn(claims, rules.user_claim));
  if (!id.success) return { refused: 'the claims name no user' };
  return {
    userId: id.data,
    email: claims['email_verified'] === false ? null : email,
    name: nameSchema.safeParse(claimAt(claims, rules.name_claim)).data ?? null,
    role: rules.role_claim === null ? null : roleIn(claimAt(claims, rules.role_claim), rules.roles),
    projects: rules.projects_claim === null ? new Map() : projectsIn(claimAt(claims, rules.projects_claim), rules.roles),
  };
}

/** A subject alone says nothing: two issuers may use the same one. The bar cannot be forged, because an issuer is a URL or a name that is configured. */
function userIdIn(claims: Claims, userClaim: string | null): unknown {
  if (userClaim !== null) return claimAt(claims, userClaim);
  const { iss, sub } = claims;
  return typeof iss === 'string' && userIdSchema.safeParse(sub).success ? `${iss}|${String(sub)}` : undefined;
}

function roleIn(value: unknown, roles: ClaimRules['roles']): Role | null {
  const values = z.array(z.string()).max(1000).safeParse([value].flat());
  return highestRole((values.data ?? []).flatMap((text) => (Object.hasOwn(roles, text) ? (roles[text] ?? []) : [])));
}

function projectsIn(value: unknown, roles: ClaimRules['roles']): Map<string, Role> {
  const grants = z.record(z.string().min(1).max(200), z.unknown()).safeParse(value);
  const entries = Object.entries(grants.data ?? {}).slice(0, PROJECTS_LIMIT);
  return new Map(
    entries.flatMap(([project, given]) => {
      const found = roleIn(given, roles);
      return found === null ? [] : [[project, found] as const];
    }),
  );
}

function claimAt(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined;
  let value: unknown = claims;
  for (const part of name.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
