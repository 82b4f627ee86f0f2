import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ModuleInitLine, systemClock, systemRandom } from '@loopwright/protocol';
import { success } from '../http-ipc/api-response.ts';
import { HttpTcpClient } from '../http-tcp/http-tcp-client.ts';
import { ModuleHub } from '../hub/module-hub.ts';
import { parseListen } from '../port/listen-address.ts';
import { createTestHost, type TestHost } from '../test-host/test-host.ts';
import type { AppState } from './app-state.ts';
import { defineModule } from './define-module.ts';
import type { ChannelWishes } from './open-channels.ts';

/** Nobody answers questions for ports here. */
const ALONE = { firstTimeoutMs: 1, maxTimeoutMs: 1, retries: 0 };

interface Started {
  readonly host: TestHost;
  readonly app: AppState<undefined>;
  readonly listen: string;
}

/** A module that gives itself out, and the disposal of its host. */
async function started(channels: ChannelWishes, init: Partial<ModuleInitLine>, stack: AsyncDisposableStack): Promise<Started> {
  let app: AppState<undefined> | undefined;
  const start = defineModule({
    name: 'm',
    version: '1.0.0',
    channels,
    endpoints: {
      'POST /me': (_request, given) => {
        app = given;
        return success(given.availableChannels());
      },
    },
  });
  const host = stack.use(createTestHost({ start, init }));
  const { listen } = await host.announced;
  if (channels.ipc !== false) await host.http.fetch('/me', { method: 'POST' });
  else {
    using tcp = new HttpTcpClient({ address: parseListen(listen), clock: systemClock });
    await tcp.fetch('/me', { method: 'POST' });
  }
  assert.ok(app !== undefined);
  return { host, app, listen };
}

describe('the channels of a module', () => {
  it('are the module channel alone when it wishes for no other', async () => {
    await using stack = new AsyncDisposableStack();
    const { app, listen } = await started({}, {}, stack);
    assert.deepEqual([app.availableChannels(), listen], [['ipc'], 'ipc:module']);
    assert.equal(app.recommendChannel({ bytes: 10_000_000, type: 'file_transfer' }), 'ipc');
  });

  it('are both when it listens; each counts what came over it, and the better one is recommended', async () => {
    await using stack = new AsyncDisposableStack();
    const { app, listen, host } = await started({ tcp: ALONE }, { auth_token: 'of the host' }, stack);
    using tcp = new HttpTcpClient({ address: parseListen(listen), clock: systemClock });
    const headers = { authorization: 'Bearer of the host' };
    assert.deepEqual(await (await tcp.fetch('/me', { method: 'POST', headers })).json(), {
      status: 'success',
      data: ['tcp', 'ipc'],
    });
    assert.equal((await tcp.fetch('/none', { headers })).status, 404);
    for (const wrong of [{}, { authorization: 'Bearer of the hosts' }, { authorization: 'of the host' }]) {
      const refused = await tcp.fetch('/me', { method: 'POST', headers: wrong });
      assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer']);
    }
    const { ipc, tcp: overTcp } = app.channelHealth();
    assert.deepEqual(
      [ipc?.requests_received, ipc?.address, overTcp?.requests_received, overTcp?.address],
      [1, 'ipc:module', 2, listen],
    );
    assert.equal(app.recommendChannel({ bytes: 100 }), 'ipc');
    assert.equal(app.recommendChannel({ bytes: 10_000_000, type: 'file_transfer' }), 'tcp');
    assert.equal(app.recommendChannel({ bytes: 100 }, { isRemote: true }), 'tcp');
    await host.shutdown();
    assert.deepEqual(app.availableChannels(), ['ipc']);
    await assert.rejects(tcp.fetch('/me', { method: 'POST', headers }), { code: 'SERVICE_UNAVAILABLE' });
  });

  it('fall back to the module channel where it cannot listen, unless it must', async () => {
    await using stack = new AsyncDisposableStack();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    stack.defer(() => void taken.close());
    const listen = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const nowhere = { ...ALONE, useFallback: false };
    const { app } = await started({ tcp: nowhere }, { listen }, stack);
    assert.deepEqual(app.availableChannels(), ['ipc']);
    const refused: [ChannelWishes, Partial<ModuleInitLine>, string, RegExp][] = [
      [{ tcp: { ...nowhere, isRequired: true } }, { listen }, 'REQUIRED_CHANNEL_FAILED', /its TCP channel cannot be opened/],
      [{ tcp: { isRequired: true } }, { env: { IPC_ONLY: 'true' } }, 'REQUIRED_CHANNEL_FAILED', /IPC_ONLY is set/],
      [
        { tcp: { isRequired: true } },
        { listen: '0.0.0.0:0' },
        'REQUIRED_CHANNEL_FAILED',
        /needs a token, mutual TLS, or middleware/,
      ],
      [{ ipc: false, tcp: nowhere }, { listen }, 'NO_CHANNELS_AVAILABLE', /no channel/],
      [{ ipc: false }, {}, 'NO_CHANNELS_AVAILABLE', /no channel/],
    ];
    for (const [channels, init, code, message] of refused) {
      const host = stack.use(createTestHost({ start: defineModule({ name: 'm', version: '1.0.0', channels }), init }));
      await assert.rejects(host.ended, { code, message }, code);
    }
  });

  it('are a socket alone when it wishes so, without a token where the socket is its guard', async () => {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'loopwright-channels-'));
    stack.defer(() => rmSync(folder, { recursive: true }));
    const listen = join(folder, 's');
    const { app, host } = await started({ ipc: false, tcp: { isRequired: true } }, { listen }, stack);
    assert.deepEqual([app.availableChannels(), app.channelHealth().tcp?.address], [['tcp'], listen]);
    assert.equal(app.recommendChannel({ bytes: 10, priority: 'critical' }), 'tcp');
    await host.shutdown();
    assert.equal(app.recommendChannel({ bytes: 10 }), undefined);
  });
});

describe('AppState', () => {
  it('asks other modules and tells them something', async () => {
    await using stack = new AsyncDisposableStack();
    const hub = stack.use(new ModuleHub({ clock: systemClock, random: systemRandom }));
    const heard: unknown[] = [];
    const answering = defineModule({
      name: 'answering',
      version: '1.0.0',
      messages: { double: (content) => (heard.push(content), Number(content) * 2) },
    });
    await stack.use(createTestHost({ start: answering, hub, init: { module_id: 'answering' } })).announced;
    const asking = defineModule({
      name: 'asking',
      version: '1.0.0',
      endpoints: {
        'GET /': async (_request, app) => {
          await app.sendMessage('answering', 'double', 20);
          return success(await app.sendRequest('answering', 'double', 21));
        },
      },
    });
    const host = stack.use(createTestHost({ start: asking, hub, init: { module_id: 'asking' } }));
    await host.announced;
    assert.deepEqual(await (await host.http.fetch('/')).json(), { status: 'success', data: 42 });
    assert.deepEqual(heard, [20, 21]);
  });
});
