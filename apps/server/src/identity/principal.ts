/** What people may: look, work, or run the house. Each role may what the ones before it may. */
export type Role = 'viewer' | 'operator' | 'admin';

/** How somebody proved who they are. */
type IdentityMethod = 'development' | 'api_key' | 'jwt' | 'session';

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
}
