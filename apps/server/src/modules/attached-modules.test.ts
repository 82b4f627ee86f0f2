import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  attachModule,
  type AttachListener,
  Cache,
  defineModule,
  memoryCacheConnector,
  memorySecrets,
  type ModuleDefinition,
  ModuleRegistration,
  type AppState,
  type StartModule,
  success,
} from '@loopwright/module-sdk';
import { messageOf, systemClock, toJson } from '@loopwright/protocol';
import { isAdmitted, openAttachListener } from './attach/open-attach-listener.ts';
import type { ModuleSpec } from './module-spec.ts';
import type { ModulePermissions } from './permissions/module-permissions.ts';
import { moduleView } from './module-view.ts';
import { until } from './supervisor-fixture.ts';
import { Supervisor } from './supervisor.ts';

const LISTENER = { modulesTlsCert: null, modulesTlsKey: null, modulesTlsClientCa: null };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface World extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly listener: AttachListener;
  readonly secrets: Map<string, string>;
  /** Attaches a module of this process, and waits until it runs. */
  attach(id: string, start: StartModule): Promise<{ ended: Promise<unknown> }>;
  ask(id: string, path: string): Promise<unknown>;
}

/** A host for modules that attach from this process: what they may, without the time that processes take. */
async function openWorld(permissions: Record<string, ModulePermissions>): Promise<World> {
  const secrets = new Map([['KEY', 'hunter2hunter2']]);
  const modules = Object.entries(permissions).map(([id, granted]): ModuleSpec => ({
    id,
    launch: { kind: 'attach', tokenSha256: sha256(`token of ${id}`) },
    listen: '127.0.0.1:0',
    permissions: granted,
    secrets: memorySecrets(secrets),
  }));
  const supervisor = new Supervisor({
    modules,
    orchestratorApi: 'http://127.0.0.1:1',
    log: () => undefined,
    connectors: [memoryCacheConnector({ clock: systemClock })],
    times: { drainMs: 2000 },
  });
  supervisor.start();
  const around = { supervisor, clock: systemClock, log: () => undefined };
  const listener = await openAttachListener({ ...LISTENER, modulesListen: '127.0.0.1:0' }, around);
  assert.ok(listener !== undefined);
  return {
    supervisor,
    listener,
    secrets,
    attach: async (id, start) => {
      const before = supervisor.module(id).current;
      const ended = attachModule({
        address: listener.address,
        moduleId: id,
        token: `token of ${id}`,
        start,
        clock: systemClock,
        onReport: () => undefined,
        onError: () => undefined,
      });
      ended.catch(() => undefined);
      await until('the module', () => supervisor.module(id).current !== before && supervisor.module(id).status === 'running');
      return { ended };
    },
    ask: async (id, path) => {
      const { body } = await supervisor.request(id, { method: 'GET', uri: path });
      const { data } = (await new Response(body as ConstructorParameters<typeof Response>[0]).json()) as { data: unknown };
      return data;
    },
    [Symbol.asyncDispose]: async () => {
      await supervisor.stop();
      listener.close();
    },
  };
}

/** What an attempt gave, or the code and the words of its refusal. */
async function outcome(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    return await attempt();
  } catch (error) {
    return messageOf(error);
  }
}

type Tries = Record<`GET /${string}`, (app: AppState<undefined>) => Promise<unknown>>;
const trying = (name: string, tries: Tries, more: Partial<ModuleDefinition<undefined>> = {}): StartModule =>
  defineModule({
    name,
    version: '1.0.0',
    ...more,
    endpoints: Object.fromEntries(
      Object.entries(tries).map(([route, attempt]) => [
        route,
        async (_request: Request, app: AppState<undefined>) => success(toJson(await outcome(() => attempt(app)))),
      ]),
    ),
  });

const TRIES: Tries = {
  'GET /secret': async ({ secrets }) => (await secrets.get('KEY')).reveal(),
  'GET /cache': async ({ services }) => {
    const cache = new Cache(await services.connect('Cache'));
    await cache.set('a', 1);
    return cache.get('a');
  },
  'GET /send': ({ messages }) => messages.request('other', 'double', 21),
  'GET /publish': ({ messages }) => messages.publish('news', 'x'),
  'GET /subscribe': async ({ messages }) => {
    await messages.subscribe('news', () => undefined);
    return 'subscribed';
  },
};

describe('permissions of a module', () => {
  it('refuse what is not granted with a clear error, and give what is', async () => {
    const all = { secrets: ['KEY'], services: ['Cache'], sends: ['other/double'], topics: ['news'] };
    await using world = await openWorld({ granted: all, bare: {}, other: {} });
    const messages = { double: (content: unknown) => Number(content) * 2 };
    await world.attach('other', defineModule({ name: 'other', version: '1.0.0', messages }));
    await world.attach('granted', trying('granted', TRIES));
    await world.attach('bare', trying('bare', TRIES));
    const paths = Object.keys(TRIES).map((route) => route.slice(4));
    const granted = await Promise.all(paths.map((path) => world.ask('granted', path)));
    assert.deepEqual(granted.slice(0, 3), ['hunter2hunter2', 1, 42]);
    assert.deepEqual(granted.slice(4), ['subscribed']);
    assert.deepEqual(await Promise.all(paths.map((path) => world.ask('bare', path))), [
      'Cannot get the secret "KEY": this module may not read it',
      'Cannot use the service Cache: this module may not',
      'Cannot send to "double" of "other": the module "bare" may not',
      'Cannot publish to "news": the module "bare" may not',
      'Cannot subscribe to "news": the module "bare" may not',
    ]);
    const provides = { cache: () => memoryCacheConnector({ clock: systemClock }) };
    await assert.rejects(
      attachModule({
        address: world.listener.address,
        moduleId: 'bare',
        token: 'token of bare',
        start: defineModule({ name: 'bare', version: '1.0.0', provides }),
        clock: systemClock,
        onReport: () => undefined,
        onError: () => undefined,
      }),
      { code: 'FORBIDDEN', message: 'Cannot provide the service Cache: the module "bare" may not' },
    );
  });

  it('let a module follow its secrets', async () => {
    await using world = await openWorld({ granted: { secrets: ['KEY'] } });
    await world.attach('granted', trying('granted', TRIES));
    assert.equal(await world.ask('granted', '/secret'), 'hunter2hunter2');
    world.secrets.set('KEY', 'correct horse');
    assert.deepEqual(await world.supervisor.module('granted').rotate(['KEY', 'NONE']), { status: 'success' });
    assert.equal(await world.ask('granted', '/secret'), 'correct horse');
  });
});

describe('a module that attaches', () => {
  it('takes the place of the run before without a refused request, and is waited for when it is gone', async () => {
    await using world = await openWorld({ far: {} });
    assert.equal(world.supervisor.module('far').status, 'waiting');
    await assert.rejects(world.ask('far', '/name'), { code: 'SERVICE_UNAVAILABLE', message: /it is waiting/ });
    const named = (name: string): StartModule => trying('far', { 'GET /name': async () => name });
    const first = await world.attach('far', named('first'));
    const over = new AbortController();
    const answers: unknown[] = [];
    const asking = (async () => {
      while (!over.signal.aborted) answers.push(await world.ask('far', '/name'));
    })();
    await until('answers', () => answers.length > 5);
    const second = await world.attach('far', named('second'));
    assert.equal(await first.ended, 'stopped');
    await until('answers of the second', () => answers.at(-1) === 'second');
    over.abort();
    await asking;
    assert.deepEqual([...new Set(answers)], ['first', 'second']);
    await world.supervisor.module('far').stop();
    assert.equal(await second.ended, 'stopped');
    await assert.rejects(world.ask('far', '/name'), /it is stopped/);
  });
});

describe('a module that registers in frames', () => {
  it('is served like any other, and shown with what it says of itself', async () => {
    await using world = await openWorld({ far: {} });
    const { supervisor, listener } = world;
    await using registration = await ModuleRegistration.register({
      address: listener.address,
      token: 'token of far',
      info: { name: 'far', version: '3.1.0', description: 'far away' },
      capabilities: { endpoints: [{ path: '/name', methods: ['GET'] }], message_types: ['ping'] },
      start: trying('far', { 'GET /name': async () => 'far' }),
      status: () => 'Degraded',
      clock: systemClock,
      onReport: () => undefined,
      onError: () => undefined,
    });
    await until('it runs', () => supervisor.module('far').status === 'running');
    assert.equal(await world.ask('far', '/name'), 'far');
    await until('it says how it is', () => moduleView(supervisor.module('far')).health === 'degraded');
    assert.deepEqual(moduleView(supervisor.module('far')).registration, {
      name: 'far',
      version: '3.1.0',
      description: 'far away',
      metadata: {},
      status: 'Degraded',
      details: {},
      endpoints: [{ path: '/name', methods: ['GET'] }],
      message_types: ['ping'],
      additional_capabilities: {},
    });
    await registration.unregister();
    await until('it is gone', () => supervisor.module('far').status === 'waiting');
    assert.equal(moduleView(supervisor.module('far')).registration, null);
  });
});

describe('an attached module that is configured anew', () => {
  it('goes on with other permissions, which hold at once, and has to come again when it has to show something else', async () => {
    await using world = await openWorld({ granted: { secrets: ['KEY'] } });
    const { supervisor } = world;
    const { ended } = await world.attach('granted', trying('granted', TRIES));
    const { spec } = supervisor.module('granted');
    const run = supervisor.module('granted').current;
    assert.deepEqual(supervisor.configure([{ ...spec, permissions: {} }]).replaced, ['granted']);
    assert.match(String(await world.ask('granted', '/cache')), /^Cannot use the service Cache/);
    await assert.rejects(async () => assert.equal(await world.ask('granted', '/secret'), 'hunter2hunter2'));
    assert.equal(supervisor.module('granted').current, run);
    supervisor.configure([{ ...spec, launch: { kind: 'attach', tokenSha256: sha256('another') } }]);
    assert.equal(await ended, 'stopped');
    await until('it is waited for', () => supervisor.module('granted').status === 'waiting');
    const again = attachModule({
      address: world.listener.address,
      moduleId: 'granted',
      token: 'token of granted',
      start: trying('granted', TRIES),
      clock: systemClock,
      onReport: () => undefined,
      onError: () => undefined,
    });
    await assert.rejects(again, { code: 'FORBIDDEN' });
  });
});

describe('openAttachListener()', () => {
  it('wants TLS off loopback, both of its files, and opens nothing unless it is told to', async () => {
    const supervisor = new Supervisor({ modules: [], orchestratorApi: '', log: () => undefined });
    const around = { supervisor, clock: systemClock, log: () => undefined };
    assert.equal(await openAttachListener({ ...LISTENER, modulesListen: null }, around), undefined);
    const wrong = [
      { ...LISTENER, modulesListen: '0.0.0.0:0' },
      { ...LISTENER, modulesListen: '127.0.0.1:0', modulesTlsCert: '/x' },
      { ...LISTENER, modulesListen: '127.0.0.1:0', modulesTlsCert: '/nowhere', modulesTlsKey: '/nowhere' },
      { ...LISTENER, modulesListen: '192.0.2.1:0', modulesTlsClientCa: '/x' },
    ];
    for (const settings of wrong) await assert.rejects(openAttachListener(settings, around), { code: 'INVALID_CONFIGURATION' });
    await supervisor.stop();
  });
});

describe('isAdmitted()', () => {
  it('wants everything that the grant names', () => {
    const show = (token?: string, clientName?: string) => ({ moduleId: 'a', token, clientName, from: '' });
    const [token, name] = [{ tokenSha256: sha256('t') }, { clientName: 'n' }];
    const cases: [boolean, boolean][] = [
      [isAdmitted(show('t'), token), true],
      [isAdmitted(show('u'), token), false],
      [isAdmitted(show(), token), false],
      [isAdmitted(show(), { tokenSha256: sha256('') }), false],
      [isAdmitted(show('t', 'n'), { ...token, ...name }), true],
      [isAdmitted(show('t', 'm'), { ...token, ...name }), false],
      [isAdmitted(show('u', 'n'), { ...token, ...name }), false],
      [isAdmitted(show(undefined, 'n'), name), true],
      [isAdmitted(show('t'), name), false],
      [isAdmitted(show('t', 'n'), {}), false],
      [isAdmitted(show('t', 'n'), undefined), false],
    ];
    for (const [index, [is, expected]] of cases.entries()) assert.equal(is, expected, `case ${index}`);
  });
});
