import { PlatformError, type User, isoTime } from '@loopwright/protocol';
import { sql } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';
import type { Role } from '../identity/principal.ts';
import type { UserTable } from '../identity/user-table.ts';

/** A user with the role that is kept; what it comes to is the matter of who asks. */
export type StoredUser = Omit<User, 'role'>;

/** The users and their roles on the platform, for administrators. Who proved to be one of them is the matter of `identity/`. */
export class UserRoles {
  readonly #database: ServerDatabase;

  constructor(database: ServerDatabase) {
    this.#database = database;
  }

  /** Users by their names, after one. */
  async list({ after, limit }: { after: string; limit: number }): Promise<StoredUser[]> {
    const rows = await this.#database
      .selectFrom('users')
      .selectAll()
      .where('user_id', '>', after)
      .orderBy('user_id')
      .limit(limit)
      .execute();
    return rows.map(viewOf);
  }

  /** One user; nothing when nobody of that name was here. */
  async find(userId: string): Promise<StoredUser | undefined> {
    const row = await this.#database.selectFrom('users').selectAll().where('user_id', '=', userId).executeTakeFirst();
    return row === undefined ? undefined : viewOf(row);
  }

  /** Gives a user another role. Throws USER_NOT_FOUND, or INVALID_STATE when no administrator would be left: one statement decides and writes. */
  async change(userId: string, role: Role): Promise<StoredUser> {
    const another = sql<boolean>`(${sql.lit(role === 'admin')} OR role <> 'admin' OR (SELECT count(*) FROM users WHERE role = 'admin') > 1)`;
    const { numUpdatedRows } = await this.#database
      .updateTable('users')
      .set({ role })
      .where('user_id', '=', userId)
      .where(another)
      .executeTakeFirst();
    const user = await this.find(userId);
    if (user === undefined) throw noSuchUser(userId);
    if (numUpdatedRows === 0n)
      throw new PlatformError('INVALID_STATE', `Cannot take the role of "${userId}": no other administrator would be left`);
    return user;
  }

  /** Makes administrators of users, known or not yet: the first one cannot ask anybody. */
  async appoint(userIds: readonly string[], now: number): Promise<void> {
    for (const user_id of userIds) {
      await this.#database
        .insertInto('users')
        .values({ user_id, email: null, name: null, role: 'admin', created_at: now, last_seen_at: now })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ role: 'admin' }))
        .execute();
    }
  }
}

/** What is said of a user who is not there. */
export function noSuchUser(userId: string): PlatformError {
  return new PlatformError('USER_NOT_FOUND', `Cannot find the user "${userId}"`);
}

function viewOf({ created_at, last_seen_at, role, ...user }: UserTable): StoredUser {
  return { ...user, stored_role: role, created_at: isoTime(created_at), last_seen_at: isoTime(last_seen_at) };
}
