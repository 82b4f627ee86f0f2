import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MODULE_PROTOCOL_VERSION, systemClock, systemRandom } from '@loopwright/protocol';
import { defineModule } from '../application/define-module.ts';
import { Cache } from '../caches/cache.ts';
import { memoryCacheConnector } from '../caches/memory-cache-connector.ts';
import { orchestratorChannel } from '../channel/module-channel.ts';
import type { MessageClient } from '../messaging/message-client.ts';
import { serveModule } from '../serve-module.ts';
import { memoryTransports } from '../transport/memory-transport.ts';
import { ModuleHub, type ModuleHubOptions } from './module-hub.ts';

const around = { clock: systemClock, random: systemRandom };

interface Run {
  readonly activate: () => void;
  readonly heard: unknown[];
  readonly messages: MessageClient;
  /** Ends it without a word. */
  end(): Promise<void>;
}

/** A run of a module that says which one it is, hears the news, and provides a cache of its own. */
async function begin(hub: ModuleHub, id: string, { name = id, inReserve = false } = {}): Promise<Run> {
  const heard: unknown[] = [];
  const given = Promise.withResolvers<MessageClient>();
  const start = defineModule({
    name: id,
    version: '1.0.0',
    state: ({ messages }) => given.resolve(messages),
    messages: { name: () => name },
    topics: { news: (content) => void heard.push(content) },
    provides: { cache: () => memoryCacheConnector({ clock: systemClock }) },
  });
  const [near, far] = memoryTransports();
  const channel = orchestratorChannel({ transport: near, clock: systemClock, onReport: () => undefined });
  const activate = hub.attach(id, channel, { inReserve });
  channel.setPeerVersion(MODULE_PROTOCOL_VERSION);
  const announced = new Promise<void>((resolve) => channel.on('announce', () => resolve()));
  near.send(JSON.stringify({ orchestrator_api: '', module_id: id, listen: 'x', protocol_version: MODULE_PROTOCOL_VERSION }));
  const ended = serveModule({ transport: far, start, ...around, onReport: () => undefined, onError: () => undefined });
  channel.start();
  await announced;
  return {
    activate,
    heard,
    messages: await given.promise,
    end: async () => {
      near.abort();
      await ended.catch(() => undefined);
    },
  };
}

function open(options: Partial<ModuleHubOptions> = {}): ModuleHub {
  return new ModuleHub({ ...around, ...options });
}

/** Lets everything that is under way in memory come to its end. */
async function settle(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('two runs of one module', () => {
  it('hand over messages, topics and what they provide, without a moment in which nobody has them', async () => {
    using hub = open();
    const asker = await begin(hub, 'asker');
    const old = await begin(hub, 'm', { name: 'old' });
    await settle();
    await assert.rejects(begin(hub, 'm'), RangeError);
    const ask = (): Promise<unknown> => asker.messages.request('m', 'name', null);
    const next = await begin(hub, 'm', { name: 'next', inReserve: true });
    await settle();
    assert.equal(await ask(), 'old');
    await asker.messages.publish('news', 1);
    await settle();
    assert.deepEqual([old.heard, next.heard], [[1], []]);
    const providers = (): string[] => hub.registry.discover('Cache', { all: true }).map(({ moduleId }) => moduleId);
    assert.deepEqual(providers(), ['asker', 'm']);
    next.activate();
    assert.equal(await ask(), 'next');
    await asker.messages.publish('news', 2);
    await settle();
    assert.deepEqual([old.heard, next.heard], [[1], [2]]);
    await old.end();
    await settle();
    assert.deepEqual([await ask(), providers()], ['next', ['asker', 'm']]);
    await asker.messages.publish('news', 3);
    await settle();
    assert.deepEqual(next.heard, [2, 3]);
    await next.end();
    await settle();
    assert.deepEqual(providers(), ['asker']);
    await assert.rejects(ask(), { code: 'MODULE_NOT_FOUND' });
    await asker.end();
  });

  it('answer each what it was asked: an answer of the other is none', async () => {
    using hub = open();
    const old = await begin(hub, 'm', { name: 'old' });
    const answering = Promise.withResolvers<string>();
    old.messages.handle('slow', () => answering.promise);
    const asked = hub.messages.request('m', 'slow', null);
    const next = await begin(hub, 'm', { inReserve: true });
    next.activate();
    answering.resolve('of the old one');
    assert.equal(await asked, 'of the old one');
    await Promise.all([old.end(), next.end()]);
  });

  it('keep the connections to a service that one of them has opened', async () => {
    using hub = open();
    const old = await begin(hub, 'm');
    // It provides only when it is announced.
    await settle();
    const user = Promise.withResolvers<Cache>();
    const [near, far] = memoryTransports();
    const channel = orchestratorChannel({ transport: near, clock: systemClock, onReport: () => undefined });
    hub.attach('user', channel);
    channel.setPeerVersion(MODULE_PROTOCOL_VERSION);
    near.send(
      JSON.stringify({ orchestrator_api: '', module_id: 'user', listen: 'x', protocol_version: MODULE_PROTOCOL_VERSION }),
    );
    await settle();
    const start = defineModule({
      name: 'user',
      version: '1.0.0',
      state: async ({ services }) => user.resolve(new Cache(await services.connect('Cache'))),
    });
    const ended = serveModule({ transport: far, start, ...around, onReport: () => undefined, onError: () => undefined });
    ended.catch(user.reject);
    channel.start();
    const cache = await user.promise;
    await cache.set('a', 1);
    const next = await begin(hub, 'm', { inReserve: true });
    next.activate();
    assert.equal(await cache.get('a'), 1);
    await old.end();
    await assert.rejects(cache.get('a'), { code: 'SERVICE_UNAVAILABLE' });
    await next.end();
    near.abort();
    await ended;
  });
});
