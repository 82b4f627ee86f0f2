import type { Role } from './principal.ts';

/** An API key; the secret itself is stored nowhere. */
export interface ApiKeyTable {
  readonly key_id: string;
  readonly user_id: string;
  readonly name: string;
  /** SHA-256 of the whole key, in hex. */
  readonly secret_digest: string;
  /** The secret before the last rotation, and how long it is still good. */
  readonly previous_digest: string | null;
  readonly previous_until: number | null;
  readonly role_cap: Role | null;
  /** JSON list of permissions. */
  readonly scopes: string | null;
  /** JSON list of project ids. */
  readonly projects: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly revoked_at: number | null;
}

/** A session of a browser; the value of its cookie is stored nowhere. */
export interface SessionTable {
  readonly session_id: string;
  /** SHA-256 of the value of the cookie, in hex. */
  readonly secret_digest: string;
  readonly user_id: string;
  /** The API key that opened it: the session may what the key may, and ends with it. */
  readonly key_id: string | null;
  /** What the identity provider said at login, if it says anything about roles. */
  readonly role: Role | null;
  /** JSON object of roles by project, as the identity provider said at login. */
  readonly grants: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
}
