import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, seededRandom, systemClock, systemRandom } from '@loopwright/protocol';
import { defineModule } from '../application/define-module.ts';
import { memoryCacheConnector } from '../caches/memory-cache-connector.ts';
import { ModuleHub } from '../hub/module-hub.ts';
import { createTestHost } from '../test-host/test-host.ts';
import type { ServiceClient } from './service-client.ts';
import { ServiceRegistry } from './service-registry.ts';

const around = { clock: systemClock, random: systemRandom };

/** A time that the test moves. */
function held(): Clock & { advance(ms: number): void } {
  let now = 0;
  return { now: () => now, schedule: () => () => undefined, advance: (ms) => void (now += ms) };
}

describe('ServiceRegistry', () => {
  it('forgets a provider at the end of its lease, unless it was renewed', () => {
    const clock = held();
    const registry = new ServiceRegistry({ clock, random: seededRandom(1), leaseMs: 100 });
    const one = { serviceType: 'Cache' as const, name: 'one', address: 'tcp:1' };
    const id = registry.register('a', one);
    clock.advance(99);
    assert.equal(registry.register('a', { ...one, address: 'tcp:2' }), id);
    clock.advance(99);
    assert.deepEqual(
      registry.discover('Cache').map(({ providerId, address }) => [providerId, address]),
      [[id, 'tcp:2']],
    );
    registry.renew('a');
    clock.advance(99);
    assert.equal(registry.discover('Cache').length, 1);
    clock.advance(1);
    assert.deepEqual(registry.discover('Cache', { all: true }), []);
    assert.notEqual(registry.register('a', one), id);
  });

  it('gives healthy providers in turn, those that are not only to who asks for all, and removes with the module', async () => {
    const registry = new ServiceRegistry({ clock: held(), random: seededRandom(1) });
    for (const moduleId of ['a', 'b', 'c'])
      registry.register(moduleId, { serviceType: { Custom: 'x' }, name: 'x', address: moduleId });
    await registry.checkHealth(async ({ moduleId }) => {
      if (moduleId === 'b') throw new Error('no answer');
      return true;
    });
    const found = Array.from({ length: 4 }, () => registry.discover({ Custom: 'x' })[0]?.moduleId);
    assert.deepEqual(found, ['c', 'a', 'c', 'a']);
    assert.deepEqual(
      registry.discover({ Custom: 'x' }, { all: true }).map(({ moduleId, isHealthy }) => [moduleId, isHealthy]),
      [
        ['a', true],
        ['b', false],
        ['c', true],
      ],
    );
    registry.remove('a');
    registry.remove('c');
    assert.deepEqual(registry.discover({ Custom: 'x' }), []);
    assert.deepEqual(registry.discover('Cache', { all: true }), []);
  });

  it('takes a hundred providers of a module and no more', () => {
    const registry = new ServiceRegistry({ clock: held(), random: seededRandom(1) });
    const register = (name: string): string => registry.register('a', { serviceType: 'Cache', name, address: '' });
    for (let index = 0; index < 100; index += 1) register(`n${index}`);
    assert.throws(() => register('one more'), { code: 'LIMIT_EXCEEDED' });
    register('n5');
  });
});

describe('services of a module', () => {
  it('are found by others with their health, and not by who may not', async () => {
    let isWell = true;
    using hub = new ModuleHub({ ...around, mayUse: (moduleId) => moduleId !== 'stranger' });
    const provider = defineModule({
      name: 'provider',
      version: '2.0.0',
      provides: { shared: () => ({ ...memoryCacheConnector(around), isHealthy: async () => isWell }) },
    });
    const clientOf = async (id: string, stack: AsyncDisposableStack): Promise<ServiceClient> => {
      const given = Promise.withResolvers<ServiceClient>();
      const start = defineModule({ name: id, version: '1.0.0', state: ({ services }) => given.resolve(services) });
      await stack.use(createTestHost({ start, hub, init: { module_id: id } })).announced;
      return given.promise;
    };
    await using stack = new AsyncDisposableStack();
    const host = stack.use(createTestHost({ start: provider, hub, init: { module_id: 'provider' } }));
    await host.announced;
    await host.heartbeat();
    const friend = await clientOf('friend', stack);
    const [found] = await friend.discover('Cache');
    assert.deepEqual(
      { ...found, providerId: '' },
      {
        providerId: '',
        moduleId: 'provider',
        serviceType: 'Cache',
        name: 'shared',
        version: '2.0.0',
        address: 'module:provider',
        isHealthy: true,
      },
    );
    const connection = await friend.connect('Cache');
    isWell = false;
    await hub.checkHealth();
    assert.deepEqual(await friend.discover('Cache'), []);
    assert.equal((await friend.discover('Cache', { all: true })).length, 1);
    await assert.rejects(friend.connect('Cache'), { code: 'SERVICE_UNAVAILABLE' });
    await connection.close();
    await assert.rejects(connection.perform('get', { key: 'k' }), { code: 'VALIDATION_ERROR' });
    const stranger = await clientOf('stranger', stack);
    await assert.rejects(stranger.discover('Cache'), { code: 'FORBIDDEN' });
    await assert.rejects(stranger.connect('Cache'), { code: 'FORBIDDEN' });
  });

  it('cannot be asked past the host, and connections have a limit', async () => {
    using hub = new ModuleHub({ ...around, connectors: [memoryCacheConnector(around)] });
    const provider = defineModule({ name: 'p', version: '1.0.0', provides: { it: () => memoryCacheConnector(around) } });
    const attempts = Promise.withResolvers<void>();
    const attacker = defineModule({
      name: 'attacker',
      version: '1.0.0',
      endpoints: {
        'POST /attack': async (_request, { messages, services }) => {
          await assert.rejects(messages.request('p', 'service/Cache', { action: 'connect' }), { code: 'FORBIDDEN' });
          for (let index = 0; index < 100; index += 1) await services.connect('Cache');
          await assert.rejects(services.connect('Cache'), { code: 'LIMIT_EXCEEDED' });
          attempts.resolve();
          return new Response('tried');
        },
      },
    });
    await using one = createTestHost({ start: provider, hub, init: { module_id: 'p' } });
    await using other = createTestHost({ start: attacker, hub, init: { module_id: 'attacker' } });
    await Promise.all([one.announced, other.announced]);
    const response = await other.http.fetch('/attack', { method: 'POST' });
    assert.equal(await response.text(), 'tried');
    await attempts.promise;
  });
});
