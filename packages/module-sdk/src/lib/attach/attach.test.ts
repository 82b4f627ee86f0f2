import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { before, describe, it } from 'node:test';
import { PlatformError, systemClock, systemRandom } from '@loopwright/protocol';
import { orchestratorChannel } from '../channel/module-channel.ts';
import { makeCertificates } from '../http-tcp/fixtures/certificates.ts';
import { HttpIpcClient } from '../http-ipc/http-ipc-client.ts';
import { HttpIpcRouter } from '../http-ipc/http-ipc-router.ts';
import { success } from '../http-ipc/api-response.ts';
import type { StartModule } from '../serve-module.ts';
import type { Transport } from '../transport/transport.ts';
import { attachFromEnvironment } from './attach-environment.ts';
import { AttachListener, type AttachListenerOptions } from './attach-listener.ts';
import { attachModule, type AttachModuleOptions } from './attach-module.ts';
import { reconnectAfter } from './reconnect.ts';
import { stayConnected } from './stay-connected.ts';

const router = new HttpIpcRouter().get('/', () => success('here'));
let stopped = 0;
const start: StartModule = async () => ({
  endpoints: router.endpoints(),
  fetch: router.fetch,
  stop: async () => void (stopped += 1),
});

interface World extends AsyncDisposable {
  readonly listener: AttachListener;
  readonly refused: string[];
  /** The next module that is let in. */
  next(): Promise<{ readonly id: string; readonly transport: Transport }>;
  options(more?: Partial<AttachModuleOptions>): AttachModuleOptions;
}

async function open(more: Partial<AttachListenerOptions> = {}): Promise<World> {
  const refused: string[] = [];
  const taken: Transport[] = [];
  const came: { id: string; transport: Transport }[] = [];
  const waiting: ((module: { id: string; transport: Transport }) => void)[] = [];
  const listener = await AttachListener.listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    admit: ({ moduleId, token }) => moduleId === 'far' && token === 'right',
    onModule: (id, transport) => {
      taken.push(transport);
      const take = waiting.shift();
      if (take === undefined) came.push({ id, transport });
      else take({ id, transport });
      return true;
    },
    onRefused: (why) => refused.push(why),
    ...more,
  });
  return {
    listener,
    refused,
    next: () => {
      const first = came.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
    options: (own = {}) => ({
      address: listener.address,
      moduleId: 'far',
      token: 'right',
      start,
      clock: systemClock,
      onReport: () => undefined,
      onError: () => undefined,
      ...own,
    }),
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const transport of taken) transport.abort();
    },
  };
}

/** Speaks the host's side to a module that came, and asks it once. */
async function askOnce(transport: Transport): Promise<unknown> {
  const channel = orchestratorChannel({ transport, clock: systemClock, onReport: () => undefined });
  const http = new HttpIpcClient({ channel, clock: systemClock });
  const announced = new Promise<void>((resolve) => channel.on('announce', () => resolve()));
  transport.send(JSON.stringify({ orchestrator_api: '', module_id: 'far', listen: '127.0.0.1:0', protocol_version: 2 }));
  channel.setPeerVersion(2);
  channel.start();
  await announced;
  const { data } = (await (await http.fetch('/')).json()) as { data: unknown };
  return data;
}

function say(world: World, text: string): Promise<Socket> {
  const socket = connect(world.listener.address);
  socket.on('error', () => undefined);
  socket.write(text);
  return once(socket, 'connect').then(() => socket);
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function answerTo(world: World, text: string): Promise<string> {
  const socket = await say(world, text);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  await closed(socket);
  return answer;
}

describe('attaching over TCP', () => {
  it('runs a module for who has shown its token, and ends it when the connection is lost', async () => {
    await using world = await open();
    const ended = attachModule(world.options());
    const { id, transport } = await world.next();
    assert.deepEqual([id, await askOnce(transport)], ['far', 'here']);
    const stoppedBefore = stopped;
    transport.abort();
    assert.equal(await ended, 'disconnected');
    assert.equal(stopped, stoppedBefore + 1);
  });

  it('tells who is refused nothing but that, whatever was wrong', async () => {
    await using world = await open();
    const refusals = [
      attachModule(world.options({ token: 'wrong' })),
      attachModule(world.options({ moduleId: 'other' })),
      attachModule({ ...world.options(), token: '' }),
    ];
    for (const refusal of refusals) await assert.rejects(refusal, { code: 'FORBIDDEN', message: /: this module is not let in$/ });
    const lines = ['{"attach":2,"module_id":"far","token":"right"}\n', 'GET / HTTP/1.1\r\n\r\n', '\n', '[]\n'];
    for (const line of lines) assert.equal(await answerTo(world, line), '{"refused":"this module is not let in"}\n');
    assert.equal(await answerTo(world, 'x'.repeat(5000)), '');
    assert.equal(world.refused.length, 8);
    assert.ok(world.refused.every((why) => !why.includes('wrong')));
  });

  it('loses nothing of what comes with the first line, and takes that in pieces', async () => {
    await using world = await open();
    const socket = await say(world, '{"attach":1,"module_');
    socket.write('id":"far","token":"right"}\n{"op":"heartbeat_ack"}\n');
    const { transport } = await world.next();
    const line = await new Promise((resolve) =>
      transport.start({ line: resolve, tooLong: () => undefined, end: () => undefined }),
    );
    assert.equal(line, '{"op":"heartbeat_ack"}');
  });

  it('has few places for who has not shown who it is, and ends them in time', async () => {
    const timers: (() => void)[] = [];
    const clock = { now: () => 0, schedule: (_ms: number, run: () => void) => (timers.push(run), () => undefined) };
    await using world = await open({ clock });
    const silent = await Promise.all(Array.from({ length: 8 }, () => say(world, '{')));
    const ends = silent.map(closed);
    assert.equal(await answerTo(world, '{"attach":1,"module_id":"far","token":"right"}\n'), '');
    assert.deepEqual(world.refused, ['too many have not shown who they are']);
    for (const expire of timers) expire();
    await Promise.all(ends);
    const ended = attachModule(world.options());
    (await world.next()).transport.abort();
    await ended;
    assert.equal(world.listener.unknown, 0);
  });

  it('is tried again until it is aborted, and started anew each time', async () => {
    await using world = await open();
    const over = new AbortController();
    const troubles: string[] = [];
    const staying = stayConnected(() => attachModule(world.options({ signal: over.signal })), {
      clock: systemClock,
      signal: over.signal,
      random: systemRandom,
      onTrouble: (text) => troubles.push(text),
    });
    for (let count = 0; count < 3; count += 1) {
      const { transport } = await world.next();
      assert.equal(await askOnce(transport), 'here');
      if (count < 2) transport.abort();
    }
    over.abort();
    await staying;
    assert.deepEqual(
      troubles,
      Array.from({ length: 2 }, () => 'The connection to the orchestrator is lost'),
    );
    const failing: StartModule = () => Promise.reject(new PlatformError('INVALID_STATE', 'Cannot start: it is Sunday'));
    const never = new AbortController();
    const failed = stayConnected(() => attachModule(world.options({ start: failing, signal: never.signal })), {
      clock: systemClock,
      signal: never.signal,
      random: systemRandom,
      onTrouble: () => undefined,
    });
    const { transport } = await world.next();
    transport.send(JSON.stringify({ orchestrator_api: '', module_id: 'far', listen: 'x', protocol_version: 2 }));
    await assert.rejects(failed, /it is Sunday/);
  });

  it('is tried again after waits that double, after the same wait, or not at all', async () => {
    const halves = { next: () => 1, uuid: () => '', bytes: () => new Uint8Array() };
    const waits = (reconnect: Parameters<typeof reconnectAfter>[0]) =>
      [0, 1, 5, 20].map((failures) => reconnectAfter(reconnect, failures, halves));
    assert.deepEqual(waits({ kind: 'exponential_backoff' }), [100, 200, 3200, 30_000]);
    assert.deepEqual(waits({ kind: 'fixed_interval', intervalMs: 700 }), [700, 700, 700, 700]);
    const told: string[] = [];
    const stay = {
      reconnect: { kind: 'none' },
      clock: systemClock,
      random: systemRandom,
      onTrouble: (text: string) => told.push(text),
    } as const;
    await stayConnected(async () => 'disconnected', stay);
    assert.deepEqual(told, ['The connection to the orchestrator is lost']);
    const refused = new PlatformError('FORBIDDEN', 'Cannot attach: not let in');
    await assert.rejects(
      stayConnected(() => Promise.reject(refused), stay),
      refused,
    );
  });
});

describe('attaching with mutual TLS', () => {
  let certificates: Awaited<ReturnType<typeof makeCertificates>>;
  before(async () => {
    certificates = await makeCertificates();
  });

  it('lets in who shows a certificate of the authority, and tells its name', async () => {
    const { ca, server, client } = certificates;
    const names: (string | undefined)[] = [];
    await using world = await open({
      tls: { ...server, clientCa: ca },
      admit: ({ clientName, token }) => {
        names.push(clientName);
        return clientName === 'client' && token === undefined;
      },
    });
    const { token: _token, ...options } = world.options({ tls: { ca, ...client } });
    const ended = attachModule(options);
    const { transport } = await world.next();
    assert.equal(await askOnce(transport), 'here');
    transport.abort();
    await ended;
    await assert.rejects(attachModule({ ...options, tls: { ca, ...server } }), { code: 'FORBIDDEN' });
    assert.deepEqual(names, ['client', 'server']);
    // TLS 1.3 tells of a missing certificate only after the connection stands.
    await attachModule({ ...options, tls: { ca } }).then(
      (end) => assert.equal(end, 'disconnected'),
      (error: unknown) => assert.ok(error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE'),
    );
    await assert.rejects(attachModule({ ...options, tls: { ...client } }), {
      code: 'SERVICE_UNAVAILABLE',
      message: /self-signed|certificate/,
    });
    assert.equal(names.length, 2);
  });
});

describe('attachFromEnvironment()', () => {
  it('reads where to attach, and sends no token in the clear to another machine', () => {
    assert.equal(attachFromEnvironment({}), undefined);
    const here = { LOOPWRIGHT_ATTACH: '127.0.0.1:9998', LOOPWRIGHT_ATTACH_ID: 'far', LOOPWRIGHT_ATTACH_TOKEN: 't' };
    const reconnect = { kind: 'exponential_backoff' };
    assert.deepEqual(attachFromEnvironment(here), {
      address: { host: '127.0.0.1', port: 9998 },
      moduleId: 'far',
      token: 't',
      reconnect,
    });
    const again = (text: string) => attachFromEnvironment({ ...here, LOOPWRIGHT_ATTACH_RECONNECT: text })?.reconnect;
    assert.deepEqual([again('none'), again('2.5')], [{ kind: 'none' }, { kind: 'fixed_interval', intervalMs: 2500 }]);
    assert.throws(() => again('never'), { code: 'INVALID_CONFIGURATION' });
    const wrong = [
      { ...here, LOOPWRIGHT_ATTACH: 'server.example:9998' },
      { ...here, LOOPWRIGHT_ATTACH: '/run/socket' },
      { ...here, LOOPWRIGHT_ATTACH: '127.0.0.1:0' },
      { ...here, LOOPWRIGHT_ATTACH_ID: '' },
      { ...here, LOOPWRIGHT_ATTACH_TOKEN: '', LOOPWRIGHT_ATTACH_TOKEN_FILE: '/nowhere/token' },
    ];
    for (const environment of wrong) assert.throws(() => attachFromEnvironment(environment), { code: 'INVALID_CONFIGURATION' });
  });
});
