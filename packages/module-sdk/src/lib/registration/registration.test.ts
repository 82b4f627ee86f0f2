import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { stayConnected } from '../attach/stay-connected.ts';
import { AttachListener } from '../attach/attach-listener.ts';
import { orchestratorChannel, type OrchestratorChannel } from '../channel/module-channel.ts';
import { encodeFrame } from '../frames/frame.ts';
import { HttpIpcClient } from '../http-ipc/http-ipc-client.ts';
import { HttpIpcRouter } from '../http-ipc/http-ipc-router.ts';
import { success } from '../http-ipc/api-response.ts';
import { ModuleRegistration, type RegistrationOptions } from './module-registration.ts';
import { Registration } from './registration.ts';

interface Came {
  readonly id: string;
  readonly registration: Registration | undefined;
  readonly channel: OrchestratorChannel;
  readonly announced: Promise<unknown>;
  readonly closed: Promise<void>;
}

interface World extends Disposable {
  readonly came: Came[];
  readonly refused: string[];
  readonly listener: AttachListener;
  register(more?: Partial<RegistrationOptions>): Promise<ModuleRegistration>;
}

const router = new HttpIpcRouter().get('/', () => success('here'));

async function open(): Promise<World> {
  const came: Came[] = [];
  const refused: string[] = [];
  const listener = await AttachListener.listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    admit: ({ moduleId, token }) => moduleId === 'far' && token === 'right',
    onRefused: (why) => refused.push(why),
    onModule: (id, transport, registration) => {
      const channel = orchestratorChannel({ transport, clock: systemClock, onReport: ({ text }) => refused.push(text) });
      const announced = new Promise((resolve) => channel.on('announce', resolve));
      const closed = new Promise<void>((resolve) => channel.onClose(resolve));
      transport.send(
        JSON.stringify({
          orchestrator_api: '',
          module_id: id,
          listen: '127.0.0.1:0',
          protocol_version: 2,
          auth_token: 'of the host',
        }),
      );
      channel.setPeerVersion(2);
      channel.start();
      came.push({ id, registration, channel, announced, closed });
      return true;
    },
  });
  return {
    came,
    refused,
    listener,
    register: (more = {}) =>
      ModuleRegistration.register({
        address: more.address ?? listener.address,
        token: 'right',
        info: { name: 'far', version: '2.0.0', description: 'counts', metadata: { zone: 'b' } },
        clock: systemClock,
        start: async () => ({ endpoints: router.endpoints(), fetch: router.fetch, stop: async () => undefined }),
        onReport: ({ text }) => refused.push(text),
        onError: () => undefined,
        ...more,
      }),
    [Symbol.dispose]: () => listener.close(),
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (performance.now() > end) assert.fail(what);
}

describe('ModuleRegistration', () => {
  for (const format of ['json', 'messagepack'] as const)
    it(`registers in frames of ${format}, tells what it can do and how it is, serves, and leaves`, async () => {
      using world = await open();
      const capabilities = {
        endpoints: [{ path: '/', methods: ['GET'] }],
        message_types: ['count'],
        additional_capabilities: { gpu: false },
      };
      await using registration = await world.register({ format, capabilities, batch: {} });
      const [host] = world.came;
      assert.ok(host?.registration !== undefined);
      const { registered } = registration;
      assert.deepEqual(
        [registered.id, registered.token, registered.orchestratorPort],
        ['far', 'of the host', world.listener.address.port],
      );
      assert.deepEqual([host.registration.info.version, host.registration.info.metadata], ['2.0.0', { zone: 'b' }]);
      await host.announced;
      const http = new HttpIpcClient({ channel: host.channel, clock: systemClock });
      assert.deepEqual(await (await http.fetch('/')).json(), { status: 'success', data: 'here' });
      await until('the heartbeat', () => host.registration?.status === 'Healthy');
      assert.deepEqual(host.registration.capabilities, capabilities);
      registration.heartbeat('Degraded', { queue: 'long' });
      await until('the other status', () => host.registration?.details['queue'] === 'long');
      registration.advertise({ endpoints: [] });
      await until('the other capabilities', () => host.registration?.capabilities?.endpoints?.length === 0);
      await registration.unregister();
      await host.closed;
      assert.deepEqual([await registration.ended, world.refused], ['stopped', []]);
    });

  it('is told when it is not let in, and when nobody is there', async () => {
    using world = await open();
    await assert.rejects(world.register({ token: 'wrong' }), { code: 'FORBIDDEN', message: /not let in/ });
    await assert.rejects(world.register({ info: { name: 'other', version: '1' } }), { code: 'FORBIDDEN' });
    assert.deepEqual(world.refused, ['it has not shown that it is "far"', 'it has not shown that it is "other"']);
    const { address } = world.listener;
    world.listener.close();
    await assert.rejects(world.register({ address }), { code: 'SERVICE_UNAVAILABLE' });
    assert.equal(world.came.length, 0);
  });

  it('knows when its orchestrator has gone, and comes again until it is told to leave', async () => {
    using world = await open();
    const over = new AbortController();
    const { signal } = over;
    const troubles: string[] = [];
    const staying = stayConnected(async () => (await world.register({ signal })).ended, {
      reconnect: { kind: 'fixed_interval', intervalMs: 5 },
      clock: systemClock,
      random: systemRandom,
      signal,
      onTrouble: (text) => troubles.push(text),
    });
    await until('it comes', () => world.came.length === 1);
    void world.came[0]?.channel.close();
    await until('it comes again', () => world.came.length === 2);
    await world.came[1]?.announced;
    over.abort();
    await staying;
    await world.came[1]?.closed;
    assert.deepEqual(troubles, ['The connection to the orchestrator is lost']);
  });
});

describe('AttachListener, of frames', () => {
  const say = async (world: World, bytes: Buffer): Promise<string> => {
    const socket = connect(world.listener.address);
    socket.write(bytes);
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    await once(socket, 'close');
    return said;
  };

  it('refuses what is no request to register, and lets go of who says too much', async () => {
    using world = await open();
    const message = (content: object): Buffer => encodeFrame({ id: '1', content, metadata: {} }, 'json');
    assert.match(await say(world, message({ op: 'register', info: { name: '' }, token: 'right' })), /not let in/);
    assert.match(await say(world, encodeFrame({ op: 'register' }, 'messagepack')), /not let in/);
    assert.match(await say(world, Buffer.from([0, 0, 0, 1, 9, 65])), /not let in/);
    assert.equal(await say(world, Buffer.from([0, 1, 0, 0, 0])), '');
    assert.equal(await say(world, message({ op: 'register', text: 'x'.repeat(5000) })), '');
    assert.equal(world.came.length, 0);
    assert.equal(world.refused.length, 5);
  });
});

describe('Registration', () => {
  it('looks at twenty messages a second, and gives on what is none of its own, or wrong', () => {
    const registration = new Registration({ name: 'far', version: '1' });
    let left = 0;
    const take = (content: object, now: number): boolean => registration.take({ ...content }, { now, leave: () => (left += 1) });
    const beat = (count: number, now: number): boolean =>
      take({ op: 'heartbeat', status: 'Degraded', details: { count: String(count) } }, now);
    for (let count = 1; count <= 500; count += 1) assert.ok(beat(count, 1500));
    assert.equal(registration.details['count'], '20');
    assert.ok(beat(501, 2000));
    assert.equal(registration.details['count'], '501');
    assert.ok(!take({ op: 'announce' }, 3000));
    assert.ok(!take({ op: 'heartbeat', status: 'Fine' }, 3000));
    assert.ok(!take({ op: 7 }, 3000));
    assert.ok(!take({ op: 'capabilities', capabilities: { additional_capabilities: { a: 'x'.repeat(70_000) } } }, 3000));
    assert.equal(registration.capabilities, undefined);
    assert.equal(registration.status, 'Degraded');
    assert.ok(take({ op: 'unregister' }, 3000));
    assert.equal(left, 1);
  });
});
