import type { AddressInfo } from 'node:net';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type WebhookDelivery, globalEventPageSchema, webhookSchema } from '@loopwright/protocol';
import { openServer } from '../http/app-fixture.ts';
import { openReceiver } from './receiver-fixture.ts';
import { HOUR_MS, hurriedClock, waitFor, subscribe, deliveriesOf, detailOf, runOne } from './webhooks-fixture.ts';

describe('a receiver that fails', () => {
  it('gets the same delivery again, not before it asked to, until it takes it', async () => {
    const clock = hurriedClock();
    await using own = await openServer({ clock });
    let attempt = 0;
    await using receiver = await openReceiver((_got, response) => {
      attempt += 1;
      if (attempt === 1) return response.writeHead(500).end('x'.repeat(5000));
      if (attempt === 2) return response.writeHead(503, { 'retry-after': '7200' }).end();
      return response.writeHead(200).end('thanks');
    });
    const { webhook_id: id } = await subscribe(own, receiver.url, { event_types: ['completed'] });
    const execution = await runOne(own);
    const attempts = async (): Promise<number> => (await deliveriesOf(own, id))[0]?.attempts ?? 0;
    await waitFor(async () => (await attempts()) === 1);
    clock.forward(4000);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    assert.equal(receiver.received.length, 1, 'it came before the wait was over');
    clock.forward(3000);
    await waitFor(async () => (await attempts()) === 2);
    const [waiting] = await deliveriesOf(own, id);
    assert.ok(Date.parse(waiting?.next_attempt_at ?? '') - clock.now() > 7_100_000, 'Retry-After was not honoured');
    assert.match(webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body).why ?? '', /^Deliveries have failed since/);
    clock.forward(2 * HOUR_MS);
    await waitFor(async () => (await deliveriesOf(own, id))[0]?.status === 'delivered');
    assert.equal(new Set(receiver.received.map(({ id: of }) => of)).size, 1);
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size, 3);
    const [settled] = await deliveriesOf(own, id);
    assert.ok(settled !== undefined);
    const { history, payload } = await detailOf(own, settled);
    assert.deepEqual(
      history.map(({ response_status: status, response_body: body, error }) => [status, body?.length, error]),
      [
        [500, 2048, 'the receiver answered 500'],
        [503, 0, 'the receiver answered 503'],
        [200, 6, null],
      ],
    );
    assert.ok(payload.includes(execution));
    const { why, failing_since: since } = webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body);
    assert.deepEqual([why, since], [null, null]);
  });

  it('is not asked an eleventh time', async () => {
    const clock = hurriedClock();
    await using own = await openServer({ clock, webhooks: { disableAfterMs: 1000 * HOUR_MS } });
    await using receiver = await openReceiver((_got, response) => response.writeHead(500).end());
    const { webhook_id: id } = await subscribe(own, receiver.url, { event_types: ['completed'] });
    await runOne(own);
    for (let attempts = 1; attempts < 10; attempts += 1) {
      await waitFor(async () => (await deliveriesOf(own, id))[0]?.attempts === attempts);
      clock.forward(30 * HOUR_MS);
    }
    await waitFor(async () => (await deliveriesOf(own, id))[0]?.status === 'failed');
    assert.equal(receiver.received.length, 10);
    assert.equal(webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body).enabled, true);
  });

  it('is disabled after days without a success, which others are told of', async () => {
    const clock = hurriedClock();
    await using own = await openServer({ clock });
    await using receiver = await openReceiver((got, response) => response.writeHead(got.path === '/bad' ? 500 : 204).end());
    const { webhook_id: id } = await subscribe(own, `${receiver.url}/bad`, { event_types: ['completed'], project_id: 'p-1' });
    await subscribe(own, `${receiver.url}/watch`, { event_types: ['webhook_*'] });
    await runOne(own);
    await waitFor(async () => (await deliveriesOf(own, id))[0]?.attempts === 1);
    clock.forward(119 * HOUR_MS);
    await waitFor(async () => (await deliveriesOf(own, id))[0]?.attempts === 2);
    assert.equal(webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body).enabled, true);
    clock.forward(2 * HOUR_MS);
    await waitFor(() => receiver.of('/watch').length === 1);
    const { enabled, why } = webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body);
    assert.equal(enabled, false);
    assert.match(why ?? '', /^No delivery has succeeded since .*Z; the last one: the receiver answered 500$/);
    assert.partialDeepStrictEqual(receiver.of('/watch')[0]?.payload, { type: 'webhook_disabled', data: { webhook_id: id, why } });
    const told = await own.get('/api/v1/events?event_type=webhook_*');
    const [event, ...more] = globalEventPageSchema.parse(told.body).events;
    assert.deepEqual(more, [], 'it is told once');
    assert.partialDeepStrictEqual(event, {
      execution_id: null,
      workflow_id: null,
      project_id: 'p-1',
      data: { webhook_id: id, why },
    });
    const later = `/api/v1/events?event_type=webhook_*&after=${event?.position}`;
    assert.deepEqual(globalEventPageSchema.parse((await own.get(later)).body).events, []);
    clock.forward(100 * HOUR_MS);
    await runOne(own);
    assert.equal(receiver.of('/bad').length, 3);
  });

  it('is disabled at once when it answers 410', async () => {
    await using own = await openServer();
    await using receiver = await openReceiver((_got, response) => response.writeHead(410).end());
    const { webhook_id: id } = await subscribe(own, receiver.url, { event_types: ['completed'] });
    await runOne(own);
    await waitFor(async () => !webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body).enabled);
    assert.equal(webhookSchema.parse((await own.get(`/api/v1/webhooks/${id}`)).body).why, 'The receiver answered 410 Gone');
    assert.equal((await deliveriesOf(own, id))[0]?.status, 'failed');
  });

  it('hangs, redirects inside, answers without end, has the wrong certificate or is not there: the others get theirs', async () => {
    const secure = createServer({ key: CERTIFICATE, cert: CERTIFICATE }, (_request, response) => response.end('no'));
    await new Promise<void>((resolve) => void secure.listen(0, '127.0.0.1', resolve));
    using cleanUp = new DisposableStack();
    cleanUp.defer(() => secure.close());
    await using own = await openServer({ webhooks: { timeoutMs: 3000 } });
    await using receiver = await openReceiver((got, response) => {
      if (got.path === '/hang') return undefined;
      if (got.path === '/redirect') return response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
      if (got.path === '/giant') return endless(response);
      return setTimeout(() => response.writeHead(200).end('slow'), got.path === '/slow' ? 100 : 0);
    });
    await using good = await openReceiver();
    const urls = {
      hang: `${receiver.url}/hang`,
      redirect: `${receiver.url}/redirect`,
      giant: `${receiver.url}/giant`,
      slow: `${receiver.url}/slow`,
      tls: `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`,
      nobody: 'http://127.0.0.1:1/',
    };
    const ids = new Map<string, string>();
    for (const [name, url] of Object.entries(urls))
      ids.set(name, (await subscribe(own, url, { event_types: ['completed'] })).webhook_id);
    await subscribe(own, good.url);
    for (let times = 0; times < 8; times += 1) await runOne(own);
    await waitFor(() => good.received.length === 48);
    const lastError = async (name: string): Promise<[number | null, string | null]> => {
      let found: WebhookDelivery | undefined;
      await waitFor(async () => {
        found = (await deliveriesOf(own, ids.get(name) ?? '')).find(({ attempts }) => attempts > 0);
        return found !== undefined;
      });
      return [found?.last_attempt?.response_status ?? null, found?.last_attempt?.error ?? null];
    };
    assert.deepEqual(await lastError('hang'), [null, 'it gave no answer in 3 s']);
    assert.deepEqual(await lastError('redirect'), [302, 'the receiver answered 302: redirects are not followed']);
    assert.deepEqual(await lastError('slow'), [200, null]);
    assert.deepEqual(await lastError('giant'), [200, null]);
    assert.match((await lastError('tls'))[1] ?? '', /self-signed/);
    assert.match((await lastError('nobody'))[1] ?? '', /ECONNREFUSED|bad port/);
    const giant = (await deliveriesOf(own, ids.get('giant') ?? '')).find(({ attempts }) => attempts > 0);
    assert.equal(giant?.last_attempt?.response_body?.length, 2048);
  });
});

const CERTIFICATE = readFileSync(join(import.meta.dirname, 'fixtures/self-signed.pem'));

/** An answer that goes on for as long as somebody reads it. */
function endless(response: NodeJS.WritableStream & { writeHead(status: number): unknown }): void {
  response.writeHead(200);
  const more = (): void => {
    while (response.writable && response.write('x'.repeat(64 * 1024))) continue;
  };
  response.on('drain', more);
  more();
}
