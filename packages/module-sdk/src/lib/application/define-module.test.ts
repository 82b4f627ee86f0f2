import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { success } from '../http-ipc/api-response.ts';
import { ModuleHub } from '../hub/module-hub.ts';
import { createTestHost } from '../test-host/test-host.ts';
import { memoryCacheConnector } from '../caches/memory-cache-connector.ts';
import { Cache } from '../caches/cache.ts';
import { defineModule } from './define-module.ts';

const around = { clock: systemClock, random: systemRandom };

describe('defineModule()', () => {
  it('gives its endpoints the state that it built with its secrets, and tells its health and figures', async () => {
    const start = defineModule({
      name: 'greeter',
      version: '1.2.3',
      secrets: ['KEY'],
      metrics: true,
      state: async ({ secrets, env }) => ({ greeting: env['GREETING'], length: (await secrets.get('KEY')).reveal().length }),
      endpoints: {
        'GET /greet': (_request, app) => success(`${app.state.greeting} from ${app.moduleId}, ${app.state.length}`),
        'POST /fail': () => {
          throw new Error('no');
        },
      },
    });
    await using host = createTestHost({ start, secrets: { KEY: 'four' }, init: { module_id: 'm7', env: { GREETING: 'hello' } } });
    const announced = await host.announced;
    assert.deepEqual(
      announced.endpoints.map(({ path, methods }) => `${methods.join()} ${path}`),
      ['GET /greet', 'POST /fail', 'GET /health', 'GET /metrics'],
    );
    const read = async (path: string): Promise<unknown> => (await host.http.fetch(path)).json();
    assert.deepEqual(await read('/greet'), { status: 'success', data: 'hello from m7, 4' });
    assert.deepEqual(await read('/health'), { status: 'healthy', name: 'greeter', version: '1.2.3' });
    assert.equal((await host.http.fetch('/fail', { method: 'POST' })).status, 500);
    const figures = (await read('/metrics')) as Record<string, number>;
    assert.deepEqual([figures['requests_received'], figures['responses_sent'], figures['errors_encountered']], [4, 3, 1]);
    assert.equal(await host.shutdown(), 'stopped');
  });

  it('starts in the order secrets, state, messages, announcement, provider, and stops in the reverse', async () => {
    const steps: string[] = [];
    using hub = new ModuleHub(around);
    const start = defineModule({
      name: 'ordered',
      version: '1.0.0',
      secrets: ['KEY'],
      state: async ({ secrets }) => {
        steps.push((await secrets.get('KEY', { mode: 'cache_only' })).toString() === '' ? 'no secret' : 'state after secrets');
        return { open: true };
      },
      dispose: (state) => {
        steps.push(`disposed, ${hub.registry.discover('Cache').length} providers`);
        state.open = false;
      },
      topics: { news: () => void steps.push('news') },
      provides: {
        store: (app) => {
          steps.push(`provided while open: ${app.state.open}`);
          return memoryCacheConnector(around);
        },
      },
    });
    await using host = createTestHost({ start, hub, secrets: { KEY: 'k' } });
    await host.announced;
    steps.push('announced');
    await host.heartbeat();
    assert.equal(hub.registry.discover('Cache').length, 1);
    await host.shutdown();
    assert.deepEqual(steps, ['state after secrets', 'provided while open: true', 'announced', 'disposed, 1 providers']);
    assert.deepEqual(hub.registry.discover('Cache'), []);
  });

  it('does not start without a secret that it needs, and undoes its state when a later step fails', async () => {
    const disposed: string[] = [];
    const start = defineModule({
      name: 'incomplete',
      version: '1.0.0',
      secrets: ['KEY'],
      state: () => 'built',
      dispose: (state) => void disposed.push(state),
      topics: { [''.padEnd(300, 'x')]: () => undefined },
    });
    await using without = createTestHost({ start });
    await assert.rejects(without.ended, { code: 'SECRET_NOT_FOUND' });
    assert.deepEqual(disposed, []);
    using hub = new ModuleHub(around);
    await using later = createTestHost({ start, hub, secrets: { KEY: 'k' } });
    await assert.rejects(later.announced);
    await assert.rejects(later.ended);
    assert.deepEqual(disposed, ['built']);
  });

  it('stops at once while a host that answers nothing is asked to register it', async () => {
    const start = defineModule({ name: 'early', version: '1.0.0', provides: { it: () => memoryCacheConnector(around) } });
    await using host = createTestHost({ start });
    await host.announced;
    assert.equal(await host.shutdown(), 'stopped');
  });

  it('says 503 when it is not well, and refuses a route that is there twice', async () => {
    const start = defineModule({
      name: 'sick',
      version: '1.0.0',
      health: '/healthz',
      isHealthy: () => Promise.reject(new Error('the disk is gone')),
    });
    await using host = createTestHost({ start });
    await host.announced;
    assert.equal((await host.http.fetch('/healthz')).status, 503);
    assert.throws(
      () => defineModule({ name: 'twice', version: '1', endpoints: { 'GET /health': () => success(null) } }),
      /GET \/health is there twice/,
    );
  });

  it('lets one module use the service of another, over the host', async () => {
    using hub = new ModuleHub(around);
    const provider = defineModule({ name: 'cache', version: '1.0.0', provides: { shared: () => memoryCacheConnector(around) } });
    const consumer = defineModule({
      name: 'consumer',
      version: '1.0.0',
      endpoints: {
        'GET /count': async (_request, { services }) => {
          await using cache = new Cache(await services.connect('Cache'));
          const count = Number((await cache.get('count')) ?? 0) + 1;
          await cache.set('count', count);
          return success(count);
        },
      },
    });
    await using one = createTestHost({ start: provider, hub, init: { module_id: 'provider' } });
    await using other = createTestHost({ start: consumer, hub, init: { module_id: 'consumer' } });
    await Promise.all([one.announced, other.announced]);
    await one.heartbeat();
    const count = async (): Promise<unknown> => (await other.http.fetch('/count')).json();
    assert.deepEqual(await count(), { status: 'success', data: 1 });
    assert.deepEqual(await count(), { status: 'success', data: 2 });
    one.vanish();
    await one.ended;
    assert.equal((await other.http.fetch('/count')).status, 503);
  });
});
