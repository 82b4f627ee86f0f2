import type { Clock, Random } from '@loopwright/protocol';
import type { CompiledQuery, Selectable } from 'kysely';
import { z } from 'zod';
import type { ServerDatabase } from '../database/server-database.ts';
import { type KeyAccess, keyPrincipal } from './api-key-access.ts';
import type { SessionTable } from './credential-tables.ts';
import { type PageRequest, cutPage, placeOf, timePlace } from '../http/manners/pages.ts';
import { type Role, UNRESTRICTED } from './principal.ts';
import { SECRET_CHARACTERS, newSecret, secretDigest } from './secret-text.ts';
import { SEEN_EVERY_MS } from './users.ts';

const SESSION_SECRET = new RegExp(`^[0-9A-Za-z]{${SECRET_CHARACTERS}}$`);
/** Sessions of one user; the one that was opened first goes. */
const SESSIONS_LIMIT = 50;
/** What is kept of the header `User-Agent`, in characters. */
const USER_AGENT_LIMIT = 300;

/** How long sessions last, in milliseconds. */
export interface SessionTimes {
  /** Without a request. */
  readonly idleMs: number;
  /** In any case. */
  readonly maxMs: number;
}

/** Whoever logged in, and from where. */
export interface NewSession {
  readonly userId: string;
  /** The API key that opens it; `null` when an identity provider did. */
  readonly keyId: string | null;
  readonly role: Role | null;
  readonly grants: ReadonlyMap<string, Role>;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** The end of the credential that opens it; `null` when it has none. */
  readonly notAfter: number | null;
}

/** A session as it is stored. */
export type StoredSession = Selectable<SessionTable>;

/** A session, and what its user may. */
type OwnedSession = StoredSession & { readonly user_role: Role; readonly email: string | null };

const grantsSchema = z.record(z.string(), z.enum(['viewer', 'operator', 'admin']));

/** Sessions of browsers. The value of the cookie is random and new at every login, so that nobody can choose it for somebody else. */
export class Sessions {
  readonly #database: ServerDatabase;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #times: SessionTimes;
  /** Every request with a session asks it; its text is made once. */
  readonly #bySecret: CompiledQuery<OwnedSession>;

  constructor(parts: { database: ServerDatabase; clock: Clock; random: Random; times: SessionTimes }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#times = parts.times;
    this.#bySecret = sessionWithUser(parts.database);
  }

  /** Opens a session of a user who exists; gives the row and the value for the cookie. Ended sessions, of anybody, go. */
  async open(login: NewSession): Promise<{ session: StoredSession; secret: string }> {
    const now = this.#clock.now();
    const secret = newSecret();
    const row = {
      session_id: this.#random.uuid(),
      secret_digest: secretDigest(secret),
      user_id: login.userId,
      key_id: login.keyId,
      role: login.role,
      grants: login.grants.size === 0 ? null : JSON.stringify(Object.fromEntries(login.grants)),
      address: login.address,
      user_agent: login.userAgent?.slice(0, USER_AGENT_LIMIT) ?? null,
      created_at: now,
      last_seen_at: now,
      expires_at: Math.min(now + this.#times.maxMs, login.notAfter ?? Infinity),
    };
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('sessions')
        .where((eb) => eb.or([eb('expires_at', '<=', now), eb('last_seen_at', '<=', now - this.#times.idleMs)]))
        .execute();
      const oldest = await transaction
        .selectFrom('sessions')
        .select('session_id')
        .where('user_id', '=', login.userId)
        .orderBy('created_at', 'desc')
        .orderBy('session_id', 'desc')
        .offset(SESSIONS_LIMIT - 1)
        .limit(1000)
        .execute();
      const ids = oldest.map(({ session_id }) => session_id);
      if (ids.length > 0) await transaction.deleteFrom('sessions').where('session_id', 'in', ids).execute();
      await transaction.insertInto('sessions').values(row).execute();
    });
    return { session: row, secret };
  }

  /** Who has the session of a cookie, or for the log why nobody has. */
  async authenticate(secret: string): Promise<KeyAccess> {
    if (!SESSION_SECRET.test(secret)) return { refused: 'malformed session' };
    const { rows } = await this.#database.executeQuery<OwnedSession>({ ...this.#bySecret, parameters: [secretDigest(secret)] });
    const [row] = rows;
    const now = this.#clock.now();
    if (row === undefined) return { refused: 'unknown session' };
    if (row.expires_at <= now || row.last_seen_at + this.#times.idleMs <= now) return { refused: 'ended session' };
    const access = await this.#access(row, now);
    if ('principal' in access && now - row.last_seen_at >= SEEN_EVERY_MS) await this.#noteUse(row.session_id, now);
    return access;
  }

  /** A page of a user's sessions that have not ended, the newest first. */
  async list(userId: string, { limit, cursor }: PageRequest): Promise<[StoredSession[], string | null]> {
    const now = this.#clock.now();
    let query = this.#database
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', userId)
      .where('expires_at', '>', now)
      .where('last_seen_at', '>', now - this.#times.idleMs);
    if (cursor !== undefined) {
      const [at, id] = placeOf(cursor, timePlace);
      query = query.where((eb) => eb(eb.refTuple('created_at', 'session_id'), '<', eb.tuple(at, id)));
    }
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('session_id', 'desc')
      .limit(limit + 1)
      .execute();
    return cutPage(rows, limit, (row) => [row.created_at, row.session_id]);
  }

  /** Ends a session of a user; gives what it was, `undefined` when there is no such session. */
  end(userId: string, sessionId: string): Promise<StoredSession | undefined> {
    return this.#database
      .deleteFrom('sessions')
      .where('user_id', '=', userId)
      .where('session_id', '=', sessionId)
      .returningAll()
      .executeTakeFirst();
  }

  /** Ends every session that an API key opened; gives their ids. */
  async endAllOf(keyId: string): Promise<string[]> {
    const rows = await this.#database.deleteFrom('sessions').where('key_id', '=', keyId).returning('session_id').execute();
    return rows.map(({ session_id }) => session_id);
  }

  /** Whether an identity provider opened a session. */
  async isOidc(sessionId: string): Promise<boolean> {
    const row = await this.#database
      .selectFrom('sessions')
      .select('key_id')
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    return row !== undefined && row.key_id === null;
  }

  async #access(row: OwnedSession, now: number): Promise<KeyAccess> {
    const session = { method: 'session', credentialId: row.session_id, expiresAt: row.expires_at } as const;
    const role = row.role ?? row.user_role;
    if (row.key_id === null) {
      const grants = grantsSchema.parse(JSON.parse(row.grants ?? '{}'));
      const projects = new Map(Object.entries(grants));
      return { principal: { ...UNRESTRICTED, userId: row.user_id, email: row.email, role, projects, ...session } };
    }
    const key = await this.#database.selectFrom('api_keys').selectAll().where('key_id', '=', row.key_id).executeTakeFirst();
    if (key === undefined) return { refused: 'session of a key that is gone' };
    const access = keyPrincipal(key, { role, email: row.email }, now);
    return 'refused' in access ? access : { principal: { ...access.principal, ...session } };
  }

  /** A store that cannot be written ends nobody's session before its time. */
  async #noteUse(sessionId: string, now: number): Promise<void> {
    await this.#database
      .updateTable('sessions')
      .set({ last_seen_at: now })
      .where('session_id', '=', sessionId)
      .execute()
      .catch(() => undefined);
  }
}

/** The session of a secret, and what its user may. */
function sessionWithUser(database: ServerDatabase): CompiledQuery<OwnedSession> {
  return database
    .selectFrom('sessions')
    .innerJoin('users', 'users.user_id', 'sessions.user_id')
    .selectAll('sessions')
    .select(['users.role as user_role', 'users.email as email'])
    .where('sessions.secret_digest', '=', '')
    .compile();
}
