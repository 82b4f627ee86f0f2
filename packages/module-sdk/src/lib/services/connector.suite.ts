import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cache, CACHE_VALUE_LIMIT } from '../caches/cache.ts';
import { Database, DATABASE_ROWS_LIMIT } from '../databases/database.ts';
import type { ServiceConnection } from './service-connector.ts';

/** A way to a service, for a test of it. */
export interface ConnectorWorld extends AsyncDisposable {
  /** Opens a connection to the same service, each time. */
  connect(): Promise<ServiceConnection>;
  /** Moves the time that the service reads. */
  advance(ms: number): void;
}

/** What differs between databases that must do the same. */
export interface SqlDialect {
  /** The type of bytes, and the bytes 00 ff. */
  readonly bytes: { readonly type: string; readonly literal: string };
  /** A text with everything that the database can hold. */
  readonly text: string;
  /** A text of a number of characters. */
  readonly longText: (length: number) => string;
  /** Statements that reach beyond it. */
  readonly guarded: readonly string[];
}

/** What every database must do, however it is reached. */
export function databaseConformance(
  name: string,
  { bytes, text, longText, guarded }: SqlDialect,
  open: () => Promise<ConnectorWorld>,
): void {
  describe(`a database: ${name}`, () => {
    it('gives back what was written, to every connection', async () => {
      await using world = await open();
      await using one = new Database(await world.connect());
      await using other = new Database(await world.connect());
      await one.execute(`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, bytes ${bytes.type})`);
      assert.equal(await one.execute(`INSERT INTO t VALUES (1, ?, ${bytes.literal}), (2, NULL, NULL)`, [text]), 2);
      assert.deepEqual(await other.query('SELECT * FROM t WHERE id < ? OR ? ORDER BY id', [2, true]), [
        { id: 1, name: text, bytes: { base64: 'AP8=' } },
        { id: 2, name: null, bytes: null },
      ]);
    });

    it('carries out a batch wholly or not at all, and goes on after that', async () => {
      await using world = await open();
      await using database = new Database(await world.connect());
      await database.execute('CREATE TABLE t (id INTEGER PRIMARY KEY)');
      const twice = [{ sql: 'INSERT INTO t VALUES (1)' }, { sql: 'INSERT INTO t VALUES (?)', params: [1] }];
      await assert.rejects(database.batch(twice), { code: 'VALIDATION_ERROR' });
      assert.deepEqual(await database.query('SELECT * FROM t'), []);
      assert.deepEqual(await database.batch(twice.slice(0, 1)), [{ changes: 1 }]);
    });

    it('reads up to its limit and says when there is more', async () => {
      await using world = await open();
      await using database = new Database(await world.connect());
      const count = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n';
      assert.equal((await database.query(count, [DATABASE_ROWS_LIMIT])).length, DATABASE_ROWS_LIMIT);
      await assert.rejects(database.query(count, [DATABASE_ROWS_LIMIT + 1]), { code: 'LIMIT_EXCEEDED' });
      await assert.rejects(database.query(`SELECT ${longText(600_000)} AS x`), { code: 'LIMIT_EXCEEDED' });
    });

    it('refuses what reaches beyond it, wrong statements and unknown operations', async () => {
      await using world = await open();
      const connection = await world.connect();
      await using database = new Database(connection);
      for (const sql of guarded) await assert.rejects(database.execute(sql), { code: 'VALIDATION_ERROR' }, sql);
      for (const sql of guarded) await assert.rejects(database.query(sql), { code: 'VALIDATION_ERROR' }, sql);
      await assert.rejects(database.query('SELEC 1'), { code: 'VALIDATION_ERROR' });
      await assert.rejects(connection.perform('drop everything', {}), { code: 'VALIDATION_ERROR' });
      await assert.rejects(connection.perform('query', { sql: 'SELECT ?', params: [{}] }), { code: 'VALIDATION_ERROR' });
      assert.deepEqual(await database.query('SELECT 1 AS one'), [{ one: 1 }]);
    });
  });
}

/** What every cache must do, however it is reached. */
export function cacheConformance(name: string, open: () => Promise<ConnectorWorld>): void {
  describe(`a cache: ${name}`, () => {
    it('gives back what was put, to every connection, until it is removed', async () => {
      await using world = await open();
      await using one = new Cache(await world.connect());
      await using other = new Cache(await world.connect());
      for (const value of [null, false, '', { deep: [1, 'å', null] }]) {
        await one.set('key', value);
        assert.deepEqual(await other.get('key'), value);
      }
      assert.equal(await other.delete('key'), true);
      assert.equal(await one.delete('key'), false);
      assert.equal(await one.get('key'), undefined);
      await one.set('a', 1);
      await other.clear();
      assert.equal(await one.get('a'), undefined);
    });

    it('forgets what has a time when that is over, and not before', async () => {
      await using world = await open();
      await using cache = new Cache(await world.connect());
      await cache.set('short', 1, { ttlMs: 100 });
      await cache.set('long', 2);
      world.advance(99);
      assert.equal(await cache.get('short'), 1);
      world.advance(1);
      assert.equal(await cache.get('short'), undefined);
      assert.equal(await cache.delete('short'), false);
      assert.equal(await cache.get('long'), 2);
    });

    it('lets those go that were used longest ago when there are too many', async () => {
      await using world = await open();
      await using cache = new Cache(await world.connect());
      // The worlds of this suite have room for four of these.
      const value = 'x'.repeat(900);
      for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, value);
      await cache.get('a');
      await cache.set('e', value);
      assert.equal(await cache.get('b'), undefined);
      for (const key of ['a', 'c', 'd', 'e']) assert.equal(await cache.get(key), value, key);
    });

    it('refuses values that are too long, and what is no operation of it', async () => {
      await using world = await open();
      const connection = await world.connect();
      await using cache = new Cache(connection);
      await assert.rejects(cache.set('k', 'x'.repeat(CACHE_VALUE_LIMIT)), { code: 'LIMIT_EXCEEDED' });
      await assert.rejects(cache.set('', 1), { code: 'VALIDATION_ERROR' });
      await assert.rejects(connection.perform('get', { key: 'k', operation: 'clear', more: 1 }), { code: 'VALIDATION_ERROR' });
      await assert.rejects(connection.perform('evict', {}), { code: 'VALIDATION_ERROR' });
    });
  });
}
