import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Clock, systemClock } from '@loopwright/protocol';
import { createClient } from 'redis';
import { cacheConformance, type ConnectorWorld } from '../services/connector.suite.ts';
import { Cache } from './cache.ts';
import { REDIS_MISSING, RedisServer } from '../servers/redis-server.ts';
import { redisCacheConnector } from './redis-cache-connector.ts';

const unavailable = (error: unknown): boolean => {
  const { code, message } = error as { code: string; message: string };
  assert.deepEqual([code, message.includes('geheim')], ['SERVICE_UNAVAILABLE', false], message);
  return true;
};

describe('redisCacheConnector() without a server', () => {
  it('says so, whether nobody listens, nobody speaks, or somebody speaks something else', async () => {
    using away = redisCacheConnector({ url: 'redis://u:geheim@127.0.0.1:1', clock: systemClock });
    await assert.rejects(away.connect(), unavailable);
    assert.equal(await away.isHealthy(), false);
    const talks: ((socket: Socket) => void)[] = [
      () => undefined,
      (socket) => socket.end(),
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ];
    for (const talk of talks) {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket.on('error', () => undefined));
        talk(socket);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      using connector = redisCacheConnector({ url: `redis://u:geheim@127.0.0.1:${port}`, clock: systemClock, timeoutMs: 100 });
      await assert.rejects(connector.connect(), unavailable);
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    }
    assert.throws(() => redisCacheConnector({ url: 'http://geheim', clock: systemClock }), { code: 'INVALID_CONFIGURATION' });
  });
});

describe('redisCacheConnector()', { skip: REDIS_MISSING }, () => {
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.open();
  });
  after(() => server[Symbol.asyncDispose]());
  let worlds = 0;

  const world = async (): Promise<ConnectorWorld> => {
    let now = 1_000_000;
    const clock: Clock = { now: () => now, schedule: (ms, run) => systemClock.schedule(ms, run) };
    // Two processes: what one puts there the other finds.
    const connectors = [0, 1].map(() => redisCacheConnector({ url: server.url, clock, name: `world-${worlds}`, maxEntries: 4 }));
    worlds += 1;
    let next = 0;
    return {
      connect: async () => {
        const connector = connectors[(next += 1) % 2];
        assert.ok(connector !== undefined);
        return connector.connect();
      },
      advance: (ms) => void (now += ms),
      [Symbol.asyncDispose]: async () => {
        for (const connector of connectors) connector[Symbol.dispose]();
      },
    };
  };
  cacheConformance('Redis', world);

  it('keeps to its name, and takes what it drops off the server', async () => {
    const others = createClient({ url: server.url });
    await others.connect();
    await others.flushDb();
    await others.set('mine', 'stays');
    using connector = redisCacheConnector({ url: server.url, clock: systemClock, name: 'a', maxEntries: 3 });
    using neighbour = redisCacheConnector({ url: server.url, clock: systemClock, name: 'b' });
    const cache = new Cache(await connector.connect());
    const other = new Cache(await neighbour.connect());
    await other.set('key', 'other');
    for (let index = 0; index < 10; index += 1) await cache.set(`key${index}`, `a|${index}`);
    assert.deepEqual([await others.hLen('{a}:values'), await others.zCard('{a}:used')], [3, 3]);
    assert.equal(await cache.get('key9'), 'a|9');
    await cache.clear();
    assert.deepEqual((await others.keys('*')).sort(), ['mine', '{b}:used', '{b}:values']);
    assert.equal(await other.get('key'), 'other');
    others.destroy();
  });

  it('gives up what takes too long, and goes on when the server does', async () => {
    using connector = redisCacheConnector({ url: server.url, clock: systemClock, name: 'slow', timeoutMs: 500 });
    const cache = new Cache(await connector.connect());
    await cache.set('key', 1);
    server.freeze();
    await assert.rejects(cache.get('key'), unavailable);
    assert.equal(await connector.isHealthy(), false);
    server.thaw();
    while (!(await connector.isHealthy())) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await cache.get('key'), 1);
    const admin = createClient({ url: server.url });
    await admin.connect();
    // A server that refuses one command is still there for the next.
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
    await assert.rejects(cache.set('key', 2), unavailable);
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0']);
    assert.equal(await cache.get('key'), 1);
    admin.destroy();
  });
});
