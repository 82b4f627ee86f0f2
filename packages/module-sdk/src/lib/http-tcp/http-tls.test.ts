import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError, systemClock } from '@loopwright/protocol';
import { fetchHandler } from '../http-ipc/fetch-handler.ts';
import { makeCertificates } from './fixtures/certificates.ts';
import { HttpTcpClient } from './http-tcp-client.ts';
import { HttpTcpServer } from './http-tcp-server.ts';
import type { ClientTls } from './tls-identity.ts';

const notConnected = (error: unknown): boolean =>
  error instanceof PlatformError && error.code === 'SERVICE_UNAVAILABLE' && error.details?.['sent'] === false;

describe('HTTP over TCP with TLS', () => {
  it('lets clients in that check its certificate, and with mutual TLS only those that show one of the right authority', async () => {
    const [{ ca, server, client }, stranger] = await Promise.all([makeCertificates(), makeCertificates()]);
    const options = { handler: fetchHandler(() => new Response('safe')), clock: systemClock, onError: assert.ifError };
    const LOOPBACK = { host: '127.0.0.1', port: 0 };
    await using plain = await HttpTcpServer.listen(LOOPBACK, { ...options, tls: server });
    await using mutual = await HttpTcpServer.listen(LOOPBACK, { ...options, tls: { ...server, clientCa: ca } });
    const ask = async (at: HttpTcpServer, tls: ClientTls | undefined): Promise<string> => {
      using asking = new HttpTcpClient({ address: at.address, clock: systemClock, ...(tls === undefined ? {} : { tls }) });
      const first = await (await asking.fetch('/')).text();
      assert.equal(await (await asking.fetch('/')).text(), first);
      return first;
    };
    assert.equal(await ask(plain, { ca }), 'safe');
    assert.equal(await ask(plain, { ca, serverName: 'localhost' }), 'safe');
    assert.equal(await ask(mutual, { ca, ...client }), 'safe');
    await assert.rejects(ask(plain, {}), notConnected);
    await assert.rejects(ask(plain, { ca: stranger.ca }), notConnected);
    await assert.rejects(ask(plain, { ca, serverName: 'elsewhere.example' }), notConnected);
    await assert.rejects(ask(plain, undefined), PlatformError);
    await assert.rejects(ask(mutual, { ca }), PlatformError);
    await assert.rejects(ask(mutual, { ca, ...stranger.client }), PlatformError);
    assert.equal(mutual.metrics().requests_received, 2);
  });
});
