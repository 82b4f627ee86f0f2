import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, PlatformError, systemClock } from '@loopwright/protocol';
import { fetchHandler } from '../http-ipc/fetch-handler.ts';
import { HttpTcpClient } from '../http-tcp/http-tcp-client.ts';
import { HttpTcpServer } from '../http-tcp/http-tcp-server.ts';
import { createTestHost, type TestHost } from '../test-host/test-host.ts';
import { type ChannelHealth, rankChannels, type RequestTraits } from './channel-choice.ts';
import { FailoverClient, type FailoverClientOptions } from './failover-client.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

interface Module extends AsyncDisposable {
  readonly client: FailoverClient;
  readonly host: TestHost;
  readonly server: HttpTcpServer;
  /** Ways over which requests came, in their order. */
  readonly came: string[];
  readonly gate: { promise: Promise<void> };
}

/** One module behind both channels; each answers with its name. */
async function started(options: Partial<FailoverClientOptions> = {}): Promise<Module> {
  const came: string[] = [];
  const gate = { promise: Promise.resolve() };
  const handler =
    (way: string) =>
    async (request: Request): Promise<Response> => {
      came.push(way);
      await gate.promise;
      return new Response(`${way} ${await request.text()}`);
    };
  const host = createTestHost({ start: async () => ({ endpoints: [], fetch: handler('ipc'), stop: async () => undefined }) });
  await host.announced;
  const server = await HttpTcpServer.listen(
    { host: '127.0.0.1', port: 0 },
    { handler: fetchHandler(handler('tcp')), clock: systemClock, onError: assert.ifError },
  );
  const tcp = new HttpTcpClient({ address: server.address, clock: systemClock });
  const client = new FailoverClient({ ipc: host.http, tcp, clock: systemClock, ...options });
  return {
    client,
    host,
    server,
    came,
    gate,
    [Symbol.asyncDispose]: async () => {
      tcp.close();
      await server.close(0);
      await host[Symbol.asyncDispose]();
    },
  };
}

const textOf = async (answer: Promise<Response>): Promise<string> => (await answer).text();
const well: ChannelHealth = { isUsable: true, latencyMs: 1 };

function best(traits: RequestTraits, over: Partial<Parameters<typeof rankChannels>[1]> = {}): string {
  return rankChannels(traits, { isRemote: false, ipc: well, tcp: well, ...over }).join(' ');
}

describe('rankChannels', () => {
  it('follows the matrix: size, urgency, kind and place, then health', () => {
    assert.equal(best({ bytes: 1024 }), 'ipc tcp');
    assert.equal(best({ bytes: 1025 }), 'tcp ipc');
    assert.equal(best({ bytes: undefined }), 'tcp ipc');
    assert.equal(best({ bytes: 1 }, { isRemote: true }), 'tcp ipc');
    assert.equal(best({ bytes: 100_000, priority: 'critical' }), 'ipc tcp');
    assert.equal(best({ bytes: 1, priority: 'bulk' }), 'tcp ipc');
    assert.equal(best({ bytes: 1, type: 'file_transfer' }), 'tcp ipc');
    const slow = { isUsable: true, latencyMs: 7 };
    assert.equal(best({ bytes: 1, priority: 'high' }, { ipc: slow }), 'ipc tcp');
    assert.equal(best({ bytes: 1, type: 'real_time' }, { ipc: slow }), 'tcp ipc');
    assert.equal(best({ bytes: 1, type: 'real_time' }, { ipc: slow, tcp: { isUsable: true, latencyMs: 8 } }), 'ipc tcp');
    assert.equal(best({ bytes: 1 }, { ipc: { isUsable: false, latencyMs: 1 } }), 'tcp ipc');
    assert.equal(best({ bytes: 1 }, { ipc: undefined }), 'tcp');
    assert.equal(best({ bytes: 1 }, { preferences: { preferIpcForLocal: false } }), 'tcp ipc');
    assert.equal(best({ bytes: 1 }, { isRemote: true, preferences: { preferTcpForRemote: false } }), 'ipc tcp');
  });
});

describe('FailoverClient', () => {
  it('sends what is small over the module channel and what is large over TCP', async () => {
    await using module = await started();
    const { client } = module;
    assert.equal(await textOf(client.fetch('/', { method: 'POST', body: 'small' })), 'ipc small');
    assert.match(await textOf(client.fetch('/', { method: 'POST', body: 'l'.repeat(2000) })), /^tcp l/);
    assert.equal(await textOf(client.fetch('/', { type: 'file_transfer' })), 'tcp ');
    const { ipc, tcp } = client.channelHealth();
    assert.deepEqual([ipc?.requests, tcp?.requests, ipc?.failures, ipc?.state], [1, 2, 0, 'CLOSED']);
    assert.ok(ipc !== undefined && ipc.latency_ms !== null && ipc.latency_ms > 0);
  });

  it('loses no request that may be done twice when the module channel dies under fifty of them', async () => {
    await using module = await started();
    const { client, host, came, gate } = module;
    const blocked = Promise.withResolvers<void>();
    gate.promise = blocked.promise;
    const answers = Array.from({ length: 50 }, (_, at) =>
      textOf(
        client.fetch(
          `/${at}`,
          at % 2 === 0
            ? { method: 'PUT', body: String(at) }
            : { method: 'POST', body: String(at), headers: { 'idempotency-key': String(at) } },
        ),
      ),
    );
    const unsafe = client.fetch('/', { method: 'POST', body: 'once' });
    const refused = assert.rejects(unsafe, (error) => error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE');
    await until(() => came.length === 51);
    assert.deepEqual([...new Set(came)], ['ipc']);
    gate.promise = Promise.resolve();
    host.vanish();
    assert.deepEqual(
      await Promise.all(answers),
      Array.from({ length: 50 }, (_, at) => `tcp ${at}`),
    );
    await refused;
    assert.equal(came.filter((way) => way === 'tcp').length, 50);
    assert.equal(client.channelHealth().tcp?.taken_over, 50);
    blocked.resolve();
  });

  it('loses none when TCP dies under them, and nothing at all that comes after', async () => {
    await using module = await started();
    const { client, server, came, gate } = module;
    const large = 'l'.repeat(2000);
    const blocked = Promise.withResolvers<void>();
    gate.promise = blocked.promise;
    const answers = Array.from({ length: 20 }, () => textOf(client.fetch('/', { method: 'PUT', body: large })));
    await until(() => came.length === 20);
    gate.promise = Promise.resolve();
    await server.close(0);
    assert.deepEqual(await Promise.all(answers), Array(20).fill(`ipc ${large}`));
    // There is no connection: it is sure that these never went.
    assert.equal(await textOf(client.fetch('/', { method: 'POST', body: large })), `ipc ${large}`);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(Buffer.from('streamed'));
        controller.close();
      },
    });
    assert.equal(await textOf(client.fetch('/', { method: 'POST', body })), 'ipc streamed');
    blocked.resolve();
  });

  it('leaves a channel alone after its breaker has opened, and comes back to it', async () => {
    let now = 0;
    const clock: Clock = { now: () => now, schedule: (ms, run) => systemClock.schedule(ms, run) };
    await using module = await started({ clock, breaker: { minimumRequests: 5 } });
    const { client, server } = module;
    assert.ok('port' in server.address);
    const { port } = server.address;
    await server.close(0);
    const ask = (): Promise<string> => textOf(client.fetch('/', { method: 'GET', priority: 'bulk' }));
    for (let count = 0; count < 20; count += 1) assert.equal(await ask(), 'ipc ');
    assert.deepEqual([client.channelHealth().tcp?.requests, client.channelHealth().tcp?.state], [5, 'OPEN']);
    await using _again = await HttpTcpServer.listen(
      { host: '127.0.0.1', port },
      { handler: fetchHandler(() => new Response('tcp again')), clock: systemClock, onError: assert.ifError },
    );
    assert.equal(await ask(), 'ipc ');
    now += 60_000;
    for (let count = 0; count < 3; count += 1) assert.equal(await ask(), 'tcp again');
    assert.equal(client.channelHealth().tcp?.state, 'CLOSED');
  });

  it('keeps to one channel when it is told to, ends within the time-out, and says when no channel is left', async () => {
    await using module = await started({
      preferences: { enableFallback: false },
      breaker: { failureThreshold: 1, minimumRequests: 1 },
    });
    const { client, host, gate, came } = module;
    gate.promise = new Promise(() => undefined);
    await assert.rejects(
      client.fetch('/', { timeoutMs: 500 }),
      (error) => error instanceof PlatformError && error.code === 'MODULE_TIMEOUT',
    );
    assert.deepEqual(came, ['ipc']);
    host.vanish();
    await module.server.close(0);
    await assert.rejects(client.fetch('/'), PlatformError);
    await assert.rejects(client.fetch('/'), /its channels have failed too often/);
    assert.throws(() => new FailoverClient({ clock: systemClock }), RangeError);
  });

  it('does not count what the caller gives up, nor move it', async () => {
    await using module = await started({ breaker: { failureThreshold: 1, minimumRequests: 1 } });
    const { client, gate, came } = module;
    gate.promise = new Promise(() => undefined);
    const controller = new AbortController();
    const answer = client.fetch('/', { signal: controller.signal });
    await until(() => came.length === 1);
    controller.abort(new Error('not wanted'));
    await assert.rejects(answer, /not wanted/);
    assert.deepEqual([came, client.channelHealth().ipc?.state], [['ipc'], 'CLOSED']);
  });

  it('drains: what was taken is answered, no more is taken', async () => {
    await using module = await started();
    const { client, gate, came } = module;
    const open = Promise.withResolvers<void>();
    gate.promise = open.promise;
    const answer = textOf(client.fetch('/'));
    await until(() => came.length === 1);
    const drained = client.drain();
    await assert.rejects(client.fetch('/'), /no more requests are taken/);
    open.resolve();
    await drained;
    assert.equal(await answer, 'ipc ');
    assert.equal(client.pending, 0);
  });
});
