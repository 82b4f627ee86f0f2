import type { Role } from './principal.ts';

/** A person or a machine that the server knows. */
export interface UserTable {
  /** What the identity says: a name, an address, or `iss|sub`. At most 200 characters. */
  readonly user_id: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly role: Role;
  readonly created_at: number;
  /** Exact to a minute. */
  readonly last_seen_at: number;
}
