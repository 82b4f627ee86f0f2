/** What people may: look, work, or run the house. Each role may what the ones before it may. */
export type Role = 'viewer' | 'operator' | 'admin';

/** How somebody proved who they are. */
export type IdentityMethod = 'development' | 'api_key' | 'jwt' | 'session';

/** Who makes a request, and what they may, as far as the way of proving it says. */
export interface Principal {
  readonly userId: string;
  readonly email: string | null;
  readonly method: IdentityMethod;
  /** The role on projects for which there is no grant of its own. */
  readonly role: Role;
  /** Grants of single projects, which count instead of the role. */
  readonly projects: ReadonlyMap<string, Role>;
  /** What an API key was restricted to; `null`: everything that its owner may. */
  readonly scopes: readonly string[] | null;
  /** The key or the session that was shown, for the audit log and for limits; `null` without one. */
  readonly credentialId: string | null;
  /** The most that the credential may on any project, grants included; `role` is never more. `null`: no such limit. */
  readonly roleCap: Role | null;
  /** The only projects that the credential reaches, whatever its owner reaches; `null`: no such limit. */
  readonly onlyProjects: ReadonlySet<string> | null;
  /** When the credential ends, in milliseconds since 1970; `null`: it does not end by itself. */
  readonly expiresAt: number | null;
  /** The latest end of API keys that are made with the credential; `null`: any. An API key makes none that outlives it. */
  readonly keysUntil: number | null;
}

/** Of a credential that may whatever its owner may, for as long as it likes. */
export const UNRESTRICTED = { scopes: null, roleCap: null, onlyProjects: null, expiresAt: null, keysUntil: null } as const;

const RANKS: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** The lesser of a role and a limit; without a limit the role. */
export function capRole(role: Role, cap: Role | null): Role {
  return cap === null || RANKS[role] <= RANKS[cap] ? role : cap;
}

/** The highest of some roles; `null` for none. */
export function highestRole(roles: readonly Role[]): Role | null {
  return roles.reduce<Role | null>((best, role) => (best === null || RANKS[role] > RANKS[best] ? role : best), null);
}
