import { type Clock, type CreateApiKeyRequest, KEY_LIFE_LIMIT_DAYS, PlatformError, issueDetails } from '@loopwright/protocol';
import type { CompiledQuery, Selectable } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';
import { type NewKey, checkGrantable } from './api-key-rights.ts';
import { type KeyAccess, SECRET_FORM, keyPrincipal } from './api-key-access.ts';
import type { ApiKeyTable } from './credential-tables.ts';
import { type PageRequest, cutPage, placeOf, timePlace } from '../http/manners/pages.ts';
import type { Principal, Role } from './principal.ts';
import { matchesDigest, newSecret, newShortId, secretDigest } from './secret-text.ts';
import { SEEN_EVERY_MS } from './users.ts';

const DAY_MS = 86_400_000;
/** Keys of one user that are neither revoked nor expired. */
const KEYS_LIMIT = 100;
/** What the secret of a key that does not exist is compared with, so that it takes as long as one that does. */
const NO_DIGEST = secretDigest('');

/** A key as it is stored. */
export type StoredApiKey = Selectable<ApiKeyTable>;

/** A key, and what its owner may. */
type OwnedKey = StoredApiKey & { readonly user_role: Role; readonly email: string | null };

/** A key together with its text, which only its owner ever sees, and only now. */
export interface IssuedApiKey {
  readonly row: StoredApiKey;
  readonly key: string;
}

/** API keys: made, recognised, listed, rotated and revoked. A change counts from the next request on, because each one reads the row. */
export class ApiKeys {
  readonly #database: ServerDatabase;
  readonly #clock: Clock;
  /** Every request with a key asks it; its text is made once. */
  readonly #byId: CompiledQuery<OwnedKey>;

  constructor({ database, clock }: { database: ServerDatabase; clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
    this.#byId = keyWithOwner(database);
  }

  /**
   * Makes a key for a user who exists; it is on disk when this resolves. Throws FORBIDDEN when it would do more than its maker may, VALIDATION_ERROR for an
   * end that is not in the future, LIMIT_EXCEEDED.
   */
  async create(maker: Principal, request: CreateApiKeyRequest): Promise<IssuedApiKey> {
    return this.issue(checkGrantable(maker, request));
  }

  /** Makes a key without asking who wants it: for whoever has the data folder in hand. */
  async issue(key: NewKey): Promise<IssuedApiKey> {
    const now = this.#clock.now();
    const { expiresAt } = key;
    if (expiresAt !== null && (expiresAt <= now || expiresAt > now + KEY_LIFE_LIMIT_DAYS * DAY_MS)) {
      const message = `is not within the next ${KEY_LIFE_LIMIT_DAYS} days`;
      throw new PlatformError('VALIDATION_ERROR', `Cannot make the key: expires_at ${message}`, {
        details: issueDetails([{ path: ['expires_at'], message }], '/body'),
      });
    }
    const { count } = await this.#usable()
      .where('user_id', '=', key.userId)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (count >= KEYS_LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', 'Cannot make the key: its owner has too many', {
        details: { limit: KEYS_LIMIT },
      });
    const keyId = newShortId();
    const text = `lw_${keyId}_${newSecret()}`;
    const row = await this.#database
      .insertInto('api_keys')
      .values({
        key_id: keyId,
        user_id: key.userId,
        name: key.name,
        secret_digest: secretDigest(text),
        previous_digest: null,
        previous_until: null,
        role_cap: key.roleCap,
        scopes: key.scopes === null ? null : JSON.stringify(key.scopes),
        projects: key.projects === null ? null : JSON.stringify(key.projects),
        created_at: now,
        expires_at: expiresAt,
        last_used_at: null,
        revoked_at: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { row, key: text };
  }

  /** Who has this key, or for the log why nobody has. An unknown key takes the steps of a wrong one. */
  async authenticate(text: string): Promise<KeyAccess> {
    const [, keyId = ''] = SECRET_FORM.exec(text) ?? [];
    const { rows } = await this.#database.executeQuery<OwnedKey>({ ...this.#byId, parameters: [keyId] });
    const [row] = rows;
    const now = this.#clock.now();
    const isCurrent = matchesDigest(text, row?.secret_digest ?? NO_DIGEST);
    const isPrevious = matchesDigest(text, row?.previous_digest ?? NO_DIGEST) && now < (row?.previous_until ?? 0);
    if (row === undefined) return { refused: 'unknown key' };
    if (!isCurrent && !isPrevious) return { refused: 'wrong secret' };
    const access = keyPrincipal(row, { role: row.user_role, email: row.email }, now);
    if ('principal' in access && now - (row.last_used_at ?? 0) >= SEEN_EVERY_MS) await this.#noteUse(row.key_id, now);
    return access;
  }

  /** A page of keys, the newest first: of one user, or of everybody. */
  async list(userId: string | null, { limit, cursor }: PageRequest): Promise<[StoredApiKey[], string | null]> {
    let query = this.#database.selectFrom('api_keys').selectAll();
    if (userId !== null) query = query.where('user_id', '=', userId);
    if (cursor !== undefined) {
      const [at, id] = placeOf(cursor, timePlace);
      query = query.where((eb) => eb(eb.refTuple('created_at', 'key_id'), '<', eb.tuple(at, id)));
    }
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('key_id', 'desc')
      .limit(limit + 1)
      .execute();
    return cutPage(rows, limit, (row) => [row.created_at, row.key_id]);
  }

  /** One key by its id. */
  find(keyId: string): Promise<StoredApiKey | undefined> {
    return this.#database.selectFrom('api_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
  }

  /** Gives a key that is not revoked a new secret; the old one is good for some time still. `undefined` when there is no such key. */
  async rotate(keyId: string, graceMs: number): Promise<IssuedApiKey | undefined> {
    const now = this.#clock.now();
    const key = `lw_${keyId}_${newSecret()}`;
    const row = await this.#database
      .updateTable('api_keys')
      .set((eb) => ({
        previous_digest: graceMs > 0 ? eb.ref('secret_digest') : null,
        previous_until: graceMs > 0 ? now + graceMs : null,
        secret_digest: secretDigest(key),
      }))
      .where('key_id', '=', keyId)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : { row, key };
  }

  /** Ends a key for ever; the time of the first revocation stays. `undefined` when there is no such key. */
  revoke(keyId: string): Promise<StoredApiKey | undefined> {
    const now = this.#clock.now();
    return this.#database
      .updateTable('api_keys')
      .set((eb) => ({ revoked_at: eb.fn.coalesce(eb.ref('revoked_at'), eb.val(now)) }))
      .where('key_id', '=', keyId)
      .returningAll()
      .executeTakeFirst();
  }

  /** Whether anybody could come in with a key now. */
  async anyUsable(): Promise<boolean> {
    const row = await this.#usable().select('key_id').limit(1).executeTakeFirst();
    return row !== undefined;
  }

  #usable() {
    const now = this.#clock.now();
    return this.#database
      .selectFrom('api_keys')
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]));
  }

  /** A store that cannot be written keeps nobody out: the next use is written. */
  async #noteUse(keyId: string, now: number): Promise<void> {
    await this.#database
      .updateTable('api_keys')
      .set({ last_used_at: now })
      .where('key_id', '=', keyId)
      .execute()
      .catch(() => undefined);
  }
}

/** The key of an id, and what its owner may. */
function keyWithOwner(database: ServerDatabase): CompiledQuery<OwnedKey> {
  return database
    .selectFrom('api_keys')
    .innerJoin('users', 'users.user_id', 'api_keys.user_id')
    .selectAll('api_keys')
    .select(['users.role as user_role', 'users.email as email'])
    .where('key_id', '=', '')
    .compile();
}
