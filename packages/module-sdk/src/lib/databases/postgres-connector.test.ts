import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Clock, systemClock, systemRandom } from '@loopwright/protocol';
import { defineModule } from '../application/define-module.ts';
import { ModuleHub } from '../hub/module-hub.ts';
import { type ConnectorWorld, databaseConformance, type SqlDialect } from '../services/connector.suite.ts';
import type { ServiceClient } from '../services/service-client.ts';
import type { ServiceConnector } from '../services/service-connector.ts';
import { createTestHost } from '../test-host/test-host.ts';
import { Database } from './database.ts';
import { POSTGRES_MISSING, PostgresServer } from '../servers/postgres-server.ts';
import { postgresConnector, type PostgresConnectorOptions } from './postgres-connector.ts';

const dialect: SqlDialect = {
  bytes: { type: 'BYTEA', literal: "'\\x00ff'" },
  text: 'å "?" 🙂',
  longText: (length) => `repeat('x', ${length})`,
  guarded: [
    "COPY (SELECT 1) TO PROGRAM 'true'",
    'BEGIN',
    '/* SELECT */ COMMIT',
    "SET statement_timeout = '0'",
    'SELECT 1; COMMIT',
    'LISTEN secrets',
    'VACUUM',
    'DO $$ BEGIN COMMIT; END $$',
  ],
};

/** A connector to a server that takes connections and says nothing, or what `talk` says. */
async function withServer(
  talk: (socket: Socket) => void,
  run: (connector: ServiceConnector) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await run(postgresConnector({ url: `postgres://u:geheim@127.0.0.1:${port}/d`, clock, timeoutMs: 200 }));
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}

const unavailable = (error: unknown): boolean => {
  const { code, message } = error as { code: string; message: string };
  assert.deepEqual([code, message.includes('geheim')], ['SERVICE_UNAVAILABLE', false], message);
  return true;
};

describe('postgresConnector() without a server', () => {
  it('says so, whether nobody listens, nobody speaks, or somebody speaks something else', async () => {
    const away = postgresConnector({ url: 'postgres://u:geheim@127.0.0.1:1/d', clock: systemClock });
    await assert.rejects(away.connect(), unavailable);
    assert.equal(await away.isHealthy(), false);
    const talks: ((socket: Socket) => void)[] = [
      () => undefined,
      (socket) => socket.end(),
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ];
    for (const talk of talks) await withServer(talk, async (connector) => assert.rejects(connector.connect(), unavailable));
  });
});

describe('postgresConnector()', { skip: POSTGRES_MISSING }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await PostgresServer.open();
  });
  after(() => server[Symbol.asyncDispose]());
  const connectorOf = (options: Partial<PostgresConnectorOptions> = {}): ServiceConnector =>
    postgresConnector({ url: server.url, clock: systemClock, ...options });

  /** A world without the tables of the last one. */
  const world = async (
    reach: (connector: ServiceConnector, stack: AsyncDisposableStack) => Promise<ConnectorWorld['connect']>,
  ): Promise<ConnectorWorld> => {
    const stack = new AsyncDisposableStack();
    const connector = connectorOf();
    await using database = new Database(await connector.connect());
    await database.execute('DROP TABLE IF EXISTS t');
    const connect = await reach(connector, stack);
    return { connect, advance: () => undefined, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  };
  databaseConformance('PostgreSQL', dialect, () => world(async (connector) => () => connector.connect()));
  databaseConformance('PostgreSQL of the host', dialect, () =>
    world(async (connector, stack) => {
      const hub = stack.use(new ModuleHub({ clock: systemClock, random: systemRandom, connectors: [connector] }));
      const given = Promise.withResolvers<ServiceClient>();
      const start = defineModule({ name: 'consumer', version: '1.0.0', state: ({ services }) => given.resolve(services) });
      await stack.use(createTestHost({ start, hub })).announced;
      const services = await given.promise;
      return () => services.connect('Database');
    }),
  );

  it('gives values as JSON: numbers that it can hold, all others as text', async () => {
    await using database = new Database(await connectorOf().connect());
    const [row] = await database.query(
      `SELECT 1.5::float8 AS a, 'NaN'::float8 AS b, 9007199254740993::int8 AS c, '{"x":[1]}'::jsonb AS d, true AS e, '2026-01-02T03:04:05Z'::timestamptz AS f, ? || '?' AS g, '{"k":1}'::jsonb ?? 'k' AS h`,
      ['é'],
    );
    assert.deepEqual(row, {
      a: 1.5,
      b: null,
      c: '9007199254740993',
      d: { x: [1] },
      e: true,
      f: '2026-01-02T03:04:05.000Z',
      g: 'é?',
      h: true,
    });
  });

  it('keeps what one connection sets from the others, and lets no more of them than it may', async () => {
    const connector = connectorOf({ maxConnections: 2 });
    await using one = new Database(await connector.connect());
    await using other = new Database(await connector.connect());
    await assert.rejects(connector.connect(), { code: 'LIMIT_EXCEEDED' });
    await one.query("SELECT set_config('search_path', 'nowhere', false)");
    const path = await other.query("SELECT current_setting('search_path') AS path");
    assert.notDeepEqual(path, [{ path: 'nowhere' }]);
    await other.close();
    await using again = new Database(await connector.connect());
    assert.deepEqual(await again.query('SELECT 1 AS one'), [{ one: 1 }]);
  });

  it('ends a statement that takes too long, and goes on after it and after a connection that was cut', async () => {
    await using database = new Database(await connectorOf({ timeoutMs: 1000 }).connect());
    await assert.rejects(database.query('SELECT pg_sleep(30)'), unavailable);
    assert.deepEqual(await database.query('SELECT 1 AS one'), [{ one: 1 }]);
    await assert.rejects(database.query('SELECT pg_terminate_backend(pg_backend_pid())'), unavailable);
    assert.deepEqual(await database.query('SELECT 1 AS one'), [{ one: 1 }]);
    // Operations that come at once run one after the other: no batch gets into another.
    await database.execute('DROP TABLE IF EXISTS t');
    await database.execute('CREATE TABLE t (id INTEGER PRIMARY KEY)');
    const batches = [1, 2, 2].map((id) =>
      database.batch([{ sql: 'INSERT INTO t VALUES (?)', params: [id] }, { sql: 'SELECT 1' }]),
    );
    assert.deepEqual(
      (await Promise.allSettled(batches)).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
    assert.deepEqual(await database.query('SELECT id FROM t ORDER BY id'), [{ id: 1 }, { id: 2 }]);
  });
});
