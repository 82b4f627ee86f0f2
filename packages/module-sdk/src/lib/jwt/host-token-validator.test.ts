import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError, systemClock, systemRandom } from '@loopwright/protocol';
import { HttpIpcRouter } from '../http-ipc/http-ipc-router.ts';
import { success } from '../http-ipc/api-response.ts';
import { ModuleHub, type ModuleHubOptions } from '../hub/module-hub.ts';
import type { ServiceConnector } from '../services/service-connector.ts';
import { createTestHost, type TestHost } from '../test-host/test-host.ts';
import { HostTokenValidator } from './host-token-validator.ts';
import { jwtConnector } from './jwt-connector.ts';
import { claimsOf } from './jwt-guard.ts';
import { jwtMiddleware } from './jwt-middleware.ts';
import { JwtValidator } from './jwt-validator.ts';

const validator = new JwtValidator({ secretKey: 'the secret of the host, which no module has' }, { clock: systemClock });

interface Guarded extends AsyncDisposable {
  readonly host: TestHost;
  ask(authorization?: string): Promise<{ status: number; body: unknown; wait: string | null }>;
}

/** A module whose only route says who asks, and whose tokens the host checks. */
async function guarded(options: Partial<ModuleHubOptions> = {}): Promise<Guarded> {
  const stack = new AsyncDisposableStack();
  const connectors = [jwtConnector(validator)];
  const hub = stack.use(new ModuleHub({ clock: systemClock, random: systemRandom, connectors, ...options }));
  const host = stack.use(
    createTestHost({
      hub,
      start: async (_init, { services }) => {
        const router = new HttpIpcRouter()
          .use(jwtMiddleware({ validator: new HostTokenValidator(services) }))
          .get('/me', (request) => success(claimsOf(request)?.sub ?? null));
        return { endpoints: router.endpoints(), fetch: router.fetch, stop: async () => undefined };
      },
    }),
  );
  await host.announced;
  return {
    host,
    ask: async (authorization) => {
      const response = await host.http.fetch('/me', authorization === undefined ? {} : { headers: { authorization } });
      return { status: response.status, body: await response.json(), wait: response.headers.get('retry-after') };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe('HostTokenValidator', () => {
  it('lets those in whose token the host takes, and gives its reasons to the rest', async () => {
    await using module = await guarded();
    const token = await validator.create({ sub: 'ada' });
    assert.deepEqual((await module.ask(`Bearer ${token}`)).body, { status: 'success', data: 'ada' });
    const refusals: Record<string, RegExp> = {
      'Bearer x': /^Invalid JWT token: Invalid Compact JWS$/,
      [`Bearer ${await validator.create({ sub: 'ada' }, { expiresInSeconds: -10 })}`]: /^Invalid JWT token: .*exp/,
      [`Bearer ${'x'.repeat(20_000)}`]: /^Invalid JWT token: it has more than 16384 characters$/,
      'Basic x': /^Authorization header must start with 'Bearer '$/,
    };
    for (const [authorization, why] of Object.entries(refusals)) {
      const { status, body } = await module.ask(authorization);
      assert.equal(status, 401);
      assert.match((body as { error: string }).error, why);
    }
    assert.deepEqual(await module.ask(), { status: 401, body: { error: 'Missing Authorization header' }, wait: null });
    assert.deepEqual([module.host.reports, module.host.errors], [[], []]);
  });

  it('lets nobody in while the host does not answer, and goes on when it does', async () => {
    let isUp = false;
    const flaky: ServiceConnector = {
      ...jwtConnector(validator),
      connect: async (config) => {
        if (!isUp) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot check tokens now');
        return jwtConnector(validator).connect(config);
      },
    };
    await using module = await guarded({ connectors: [flaky] });
    const authorization = `Bearer ${await validator.create({ sub: 'ada' })}`;
    const { status, body, wait } = await module.ask(authorization);
    assert.deepEqual([status, wait], [503, '5']);
    assert.deepEqual(body, { error: 'Cannot check the token: the orchestrator cannot be asked' });
    isUp = true;
    assert.equal((await module.ask(authorization)).status, 200);
  });

  it('lets nobody in where the module may not ask, and where the host has no tokens', async () => {
    const authorization = `Bearer ${await validator.create({ sub: 'ada' })}`;
    await using forbidden = await guarded({ mayUse: () => false });
    assert.equal((await forbidden.ask(authorization)).status, 503);
    await using without = await guarded({ connectors: [] });
    assert.equal((await without.ask(authorization)).status, 503);
  });
});

describe('jwtConnector()', () => {
  it('checks tokens and does nothing else', async () => {
    const connection = await jwtConnector(validator).connect();
    const claims = await connection.perform('validate', { token: await validator.create({ sub: 'ada' }) });
    assert.equal((claims as { sub: string }).sub, 'ada');
    await assert.rejects(connection.perform('create', { sub: 'root' }), { code: 'VALIDATION_ERROR' });
    await assert.rejects(connection.perform('validate', { token: 1 }), { code: 'VALIDATION_ERROR' });
    await assert.rejects(connection.perform('validate', { token: 'x' }), { code: 'UNAUTHORIZED' });
  });
});
