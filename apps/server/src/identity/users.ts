import type { Clock } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { ServerDatabase } from '../database/server-database.ts';
import { type Role, capRole } from './principal.ts';
import type { UserTable } from './user-table.ts';

/** How often it is written that a user was there, in milliseconds. */
export const SEEN_EVERY_MS = 60_000;
/** Users of whom is remembered when they were written last. */
const REMEMBERED_LIMIT = 10_000;

/** What an identity says about a person. */
export interface KnownUser {
  readonly userId: string;
  readonly email: string | null;
  readonly name: string | null;
}

/** What users are kept with. */
export interface UsersOptions {
  readonly database: ServerDatabase;
  readonly clock: Clock;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
  /** The role of somebody who comes for the first time. */
  readonly newUserRole: (userId: string) => Role;
}

/** Everybody who ever proved who they are. */
export class Users {
  readonly #options: UsersOptions;
  readonly #written = new Map<string, { readonly at: number; readonly email: string | null }>();

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /**
   * Takes note of somebody who is there: a new user is created, a known one gets the time, at most once a minute. A store that cannot be written
   * keeps nobody from reading: that goes to the log, and the next request tries again.
   */
  async seen(user: KnownUser): Promise<void> {
    const now = this.#options.clock.now();
    const last = this.#written.get(user.userId);
    const isSame = user.email === null || user.email === last?.email;
    if (last !== undefined && now - last.at < SEEN_EVERY_MS && isSame) return;
    try {
      await this.#write(user);
      this.#remember(user, now);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'Cannot write that a user was there');
    }
  }

  /** The role that is stored for a user; that of a new one when there is none. */
  async roleOf(userId: string): Promise<Role> {
    const row = await this.#options.database.selectFrom('users').select('role').where('user_id', '=', userId).executeTakeFirst();
    return row?.role ?? this.#options.newUserRole(userId);
  }

  /** The name that is stored for a user. */
  async nameOf(userId: string): Promise<string | null> {
    const row = await this.#options.database.selectFrom('users').select('name').where('user_id', '=', userId).executeTakeFirst();
    return row?.name ?? null;
  }

  /** Makes sure that a user exists, and has at least this role when one is given. */
  async ensure(userId: string, atLeast: Role | null): Promise<void> {
    const { database } = this.#options;
    await database
      .insertInto('users')
      .values(this.#row({ userId, email: null, name: null }))
      .onConflict((conflict) => conflict.column('user_id').doNothing())
      .execute();
    if (atLeast === null || capRole(atLeast, await this.roleOf(userId)) === atLeast) return;
    await database.updateTable('users').set({ role: atLeast }).where('user_id', '=', userId).execute();
  }

  async #write(user: KnownUser): Promise<void> {
    const row = this.#row(user);
    const { email, name, last_seen_at } = row;
    await this.#options.database
      .insertInto('users')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('user_id')
          .doUpdateSet({ last_seen_at, ...(email === null ? {} : { email }), ...(name === null ? {} : { name }) }),
      )
      .execute();
  }

  #row({ userId, email, name }: KnownUser): UserTable {
    const now = this.#options.clock.now();
    return { user_id: userId, email, name, role: this.#options.newUserRole(userId), created_at: now, last_seen_at: now };
  }

  #remember({ userId, email }: KnownUser, at: number): void {
    this.#written.delete(userId);
    this.#written.set(userId, { at, email });
    const oldest = this.#written.keys().next().value;
    if (this.#written.size > REMEMBERED_LIMIT && oldest !== undefined) this.#written.delete(oldest);
  }
}
