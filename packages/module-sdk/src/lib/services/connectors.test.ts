import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock, systemRandom } from '@loopwright/protocol';
import { memoryCacheConnector } from '../caches/memory-cache-connector.ts';
import { sqliteCacheConnector } from '../caches/sqlite-cache-connector.ts';
import { sqliteConnector } from '../databases/sqlite-connector.ts';
import { defineModule } from '../application/define-module.ts';
import { ModuleHub } from '../hub/module-hub.ts';
import type { ServiceClient } from './service-client.ts';
import { createTestHost } from '../test-host/test-host.ts';
import { cacheConformance, type ConnectorWorld, databaseConformance, type SqlDialect } from './connector.suite.ts';
import type { ServiceConnection, ServiceConnector } from './service-connector.ts';

/** Room for four values of the suite. */
const ROOM = { maxCharacters: 4100, maxEntries: 4 };

interface Around {
  readonly file: string;
  readonly clock: Clock;
}

type Make = (around: Around) => ServiceConnector;

const database: Make = ({ file }) => sqliteConnector({ file });
const memoryCache: Make = ({ clock }) => memoryCacheConnector({ clock, ...ROOM });
const sqliteCache: Make = ({ clock, file }) => sqliteCacheConnector({ clock, file, ...ROOM });

const sqlite: SqlDialect = {
  bytes: { type: 'BLOB', literal: "x'00ff'" },
  text: 'å "\u0000" 🙂',
  longText: (length) => `printf('%.*c', ${length}, 'x')`,
  guarded: [
    "ATTACH DATABASE '/dev/shm/modapp-other.sqlite' AS other",
    "VACUUM INTO '/dev/shm/modapp-copy.sqlite'",
    'PRAGMA journal_mode = DELETE',
    'BEGIN IMMEDIATE',
    'SAVEPOINT mine',
  ],
};

/** A world whose connections are opened by `reach`. */
async function world(
  make: Make,
  reach: (connector: ServiceConnector, stack: AsyncDisposableStack) => Promise<Reach>,
): Promise<ConnectorWorld> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'loopwright-connectors-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  // The time stands still but for the test.
  let now = 1_000_000;
  const clock: Clock = { now: () => now, schedule: (ms, run) => systemClock.schedule(ms, run) };
  const connect = await reach(make({ file: join(folder, 'data.sqlite'), clock }), stack);
  return {
    connect,
    advance: (ms) => void (now += ms),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Reach = () => Promise<ServiceConnection>;

const directly =
  async (connector: ServiceConnector): Promise<Reach> =>
  () =>
    connector.connect();

const hubOf = (stack: AsyncDisposableStack, connectors: readonly ServiceConnector[]): ModuleHub =>
  stack.use(new ModuleHub({ clock: systemClock, random: systemRandom, connectors }));

/** The services of a module that uses them. */
async function consumer(hub: ModuleHub, stack: AsyncDisposableStack): Promise<ServiceClient> {
  const given = Promise.withResolvers<ServiceClient>();
  const start = defineModule({ name: 'consumer', version: '1.0.0', state: ({ services }) => given.resolve(services) });
  await stack.use(createTestHost({ start, hub, init: { module_id: 'consumer' } })).announced;
  return given.promise;
}

const overHost = async (connector: ServiceConnector, stack: AsyncDisposableStack): Promise<Reach> => {
  const services = await consumer(hubOf(stack, [connector]), stack);
  return () => services.connect(connector.serviceType);
};

const overModule = async (connector: ServiceConnector, stack: AsyncDisposableStack): Promise<Reach> => {
  const hub = hubOf(stack, []);
  const start = defineModule({ name: 'provider', version: '1.0.0', provides: { it: () => connector } });
  const provider = stack.use(createTestHost({ start, hub, init: { module_id: 'provider' } }));
  await provider.announced;
  await provider.heartbeat();
  const services = await consumer(hub, stack);
  return () => services.connect(connector.serviceType);
};

databaseConformance('SQLite', sqlite, () => world(database, directly));
databaseConformance('SQLite of the host', sqlite, () => world(database, overHost));
databaseConformance('SQLite of another module', sqlite, () => world(database, overModule));
cacheConformance('memory', () => world(memoryCache, directly));
cacheConformance('memory of the host', () => world(memoryCache, overHost));
cacheConformance('SQLite', () => world(sqliteCache, directly));
cacheConformance('SQLite of another module', () => world(sqliteCache, overModule));
