import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { SqliteStore } from '@loopwright/engine';
import {
  type Clock,
  type WebhookDelivery,
  type WebhookDeliveryDetail,
  type WebhookWithSecret,
  globalEventPageSchema,
  systemClock,
  webhookDeliveryDetailSchema,
  webhookDeliveryListSchema,
  webhookListSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '@loopwright/protocol';
import { Webhook } from 'standardwebhooks';
import { UNRESTRICTED } from '../identity/principal.ts';
import { type Answer, type TestServer, errorIn, openServer, pointersIn, start, untilStatus } from '../http/app-fixture.ts';
import { type Receiver, openReceiver } from './receiver-fixture.ts';

const HOUR_MS = 3_600_000;

/** A clock that tests can put forward; nobody waits for more than some milliseconds, but the time limit of a request is a real one. */
function hurriedClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    schedule: (delayMs, run) => systemClock.schedule(delayMs > 2500 ? 5 : delayMs, run),
    forward: (ms) => void (ahead += ms),
  };
}

async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'waited for 30 s');
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

async function call(server: TestServer, method: string, path: string, body?: object): Promise<Answer> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(server.url + path, { method, ...json });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

async function subscribe(server: TestServer, url: string, rest: object = {}): Promise<WebhookWithSecret> {
  const answer = await server.post('/api/v1/webhooks', { url, ...rest });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return webhookWithSecretSchema.parse(answer.body);
}

async function deliveriesOf(server: TestServer, id: string, query = ''): Promise<WebhookDelivery[]> {
  return webhookDeliveryListSchema.parse((await server.get(`/api/v1/webhooks/${id}/deliveries${query}`)).body).deliveries;
}

async function detailOf(
  server: TestServer,
  { webhook_id: id, delivery_id: of }: WebhookDelivery,
): Promise<WebhookDeliveryDetail> {
  return webhookDeliveryDetailSchema.parse((await server.get(`/api/v1/webhooks/${id}/deliveries/${of}`)).body);
}

/** Runs an execution to its end: six events. */
async function runOne(server: TestServer): Promise<string> {
  const { execution_id: id } = await start(server, 'plain');
  await untilStatus(server, id, 'completed');
  return id;
}

describe('webhooks', () => {
  let server: TestServer;
  let receiver: Receiver;
  before(async () => {
    server = await openServer();
    receiver = await openReceiver();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  it('shows the secret once, keeps it sealed under a key of its own, and logs it nowhere', async () => {
    const made = await subscribe(server, `${receiver.url}/secret`, { event_types: ['nothing'], description: 'mine' });
    assert.match(made.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret, ...rest } = made;
    const read = await server.get(`/api/v1/webhooks/${made.webhook_id}`);
    assert.deepEqual(webhookSchema.parse(read.body), rest);
    assert.ok(!JSON.stringify([read.body, (await server.get('/api/v1/webhooks')).body, server.log]).includes(secret.slice(6)));
    for (const file of ['server.db', 'server.db-wal', 'responses.db', 'responses.db-wal'])
      assert.ok(!readFileSync(join(server.dir, file)).includes(secret.slice(6)), file);
    assert.equal(statSync(join(server.dir, 'webhooks.key')).mode & 0o777, 0o600);
  });

  it('gives the same webhook to the same Idempotency-Key, with its secret, and refuses another request under it', async () => {
    const body = { url: `${receiver.url}/keyed`, event_types: ['nothing'] };
    const post = (given: object): Promise<Answer> => server.post('/api/v1/webhooks', given, { 'idempotency-key': 'once' });
    const first = webhookWithSecretSchema.parse((await post(body)).body);
    const again = await post(body);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.deepEqual(webhookWithSecretSchema.parse(again.body), first);
    errorIn(await post({ ...body, description: 'other' }), 'IDEMPOTENCY_CONFLICT');
  });

  it('refuses targets inside that nobody allowed, plain http, credentials, and fields that there are not', async () => {
    const refused = [
      'http://example.com/',
      'https://10.1.2.3/',
      'https://169.254.169.254/latest',
      'https://[::1]/',
      'https://localhost/',
    ];
    for (const url of [...refused, 'https://u:p@example.com/', 'https://example.com/#x'])
      assert.deepEqual(
        pointersIn(errorIn(await server.post('/api/v1/webhooks', { url }), 'VALIDATION_ERROR')),
        ['/body/url'],
        url,
      );
    for (const url of ['ftp://example.com/', 'javascript:alert(1)', 'x', `https://example.com/${'a'.repeat(3000)}`])
      errorIn(await server.post('/api/v1/webhooks', { url }), 'VALIDATION_ERROR');
    const url = `${receiver.url}/x`;
    for (const wrong of [{ secret: 'whsec_mine' }, { event_types: [] }, { event_types: ['a b'] }, { event_types: ['*x'] }])
      errorIn(await server.post('/api/v1/webhooks', { url, ...wrong }), 'VALIDATION_ERROR');
    const made = await subscribe(server, url, { event_types: ['nothing'] });
    errorIn(await call(server, 'PATCH', `/api/v1/webhooks/${made.webhook_id}`, { url: 'http://10.0.0.1/' }), 'VALIDATION_ERROR');
    errorIn(await call(server, 'PATCH', `/api/v1/webhooks/${made.webhook_id}`, { project_id: 'other' }), 'VALIDATION_ERROR');
  });

  it('delivers what is subscribed to, in order, signed as Standard Webhooks says', async () => {
    const { secret, webhook_id: id } = await subscribe(server, `${receiver.url}/some`, {
      event_types: ['step_*', 'completed'],
      project_id: 'p-1',
    });
    await subscribe(server, `${receiver.url}/other`, { project_id: 'p-2' });
    const execution = await runOne(server);
    await waitFor(() => receiver.of('/some').length >= 5);
    const got = receiver.of('/some').toSorted((a, b) => Number(a.payload.data['seq']) - Number(b.payload.data['seq']));
    assert.deepEqual(
      got.map(({ payload: { type, data } }) => [type, data['seq']]),
      [
        ['step_started', 2],
        ['step_completed', 3],
        ['step_started', 4],
        ['step_completed', 5],
        ['completed', 6],
      ],
    );
    for (const { body, headers, payload } of got) {
      assert.deepEqual(new Webhook(secret).verify(body, headers), payload);
      assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(payload.data['execution_id'], execution);
    }
    const event = await server.get(String(got[4]?.payload.data['url']));
    assert.partialDeepStrictEqual(event.body, { events: [{ event_type: 'completed', seq: 6 }] });
    await waitFor(async () => (await deliveriesOf(server, id, '?status=delivered')).length === 5);
    assert.deepEqual(receiver.of('/other'), []);
    const page = webhookDeliveryListSchema.parse((await server.get(`/api/v1/webhooks/${id}/deliveries?limit=2`)).body);
    const rest = await deliveriesOf(server, id, `?limit=100&cursor=${page.next_cursor}`);
    assert.deepEqual([page.deliveries.length, rest.length], [2, 3]);
    assert.deepEqual(
      [...page.deliveries, ...rest].map(({ delivery_id: of }) => of).toSorted(),
      got.map(({ id: of }) => of).toSorted(),
    );
  });

  it('tells nothing of what happened before it was made or while it was disabled', async () => {
    await runOne(server);
    const { webhook_id: id } = await subscribe(server, `${receiver.url}/late`, { event_types: ['completed'], enabled: false });
    await runOne(server);
    assert.equal(webhookSchema.parse((await server.get(`/api/v1/webhooks/${id}`)).body).why, 'Somebody disabled it');
    errorIn(await server.post(`/api/v1/webhooks/${id}/test`), 'INVALID_STATE');
    await call(server, 'PATCH', `/api/v1/webhooks/${id}`, { enabled: true });
    const told = await runOne(server);
    await waitFor(() => receiver.of('/late').length > 0);
    await server.post(`/api/v1/webhooks/${id}/test`);
    await waitFor(() => receiver.of('/late').some(({ payload }) => payload.type === 'webhook_test'));
    const seen = receiver.of('/late').map(({ payload }) => payload.data['execution_id'] ?? payload.type);
    assert.deepEqual(seen, [told, 'webhook_test']);
  });

  it('sends again under the same id, lists page by page, and forgets everything when it is removed', async () => {
    const { webhook_id: id } = await subscribe(server, `${receiver.url}/again`, { event_types: ['nothing'] });
    await server.post(`/api/v1/webhooks/${id}/test`);
    await waitFor(async () => (await deliveriesOf(server, id))[0]?.status === 'delivered');
    const [first] = await deliveriesOf(server, id);
    assert.equal((await server.post(`/api/v1/webhooks/${id}/deliveries/${first?.delivery_id}/redeliver`)).status, 202);
    await waitFor(() => receiver.of('/again').length === 2);
    assert.equal(new Set(receiver.of('/again').map(({ id: of }) => of)).size, 1);
    await waitFor(async () => (await deliveriesOf(server, id))[0]?.attempts === 2);
    const all = webhookListSchema.parse((await server.get('/api/v1/webhooks')).body).webhooks.map(({ webhook_id: of }) => of);
    const paged: string[] = [];
    for (let query: string | null = ''; query !== null;) {
      const page = webhookListSchema.parse((await server.get(`/api/v1/webhooks?limit=2${query}`)).body);
      paged.push(...page.webhooks.map(({ webhook_id: of }) => of));
      query = page.next_cursor === null ? null : `&cursor=${page.next_cursor}`;
    }
    assert.deepEqual(paged, all);
    assert.equal((await call(server, 'DELETE', `/api/v1/webhooks/${id}`)).status, 204);
    errorIn(await server.get(`/api/v1/webhooks/${id}`), 'WEBHOOK_NOT_FOUND');
    errorIn(await server.get(`/api/v1/webhooks/${id}/deliveries`), 'WEBHOOK_NOT_FOUND');
    const other = all.find((of) => of !== id);
    errorIn(await server.get(`/api/v1/webhooks/${other}/deliveries/nothing`), 'DELIVERY_NOT_FOUND');
  });

  it('stands in the OpenAPI document with what a receiver gets', async () => {
    const { body } = await server.get('/openapi.json');
    assert.partialDeepStrictEqual(body, {
      webhooks: {
        event: {
          post: { requestBody: { content: { 'application/json': { schema: { required: ['type', 'timestamp', 'data'] } } } } },
        },
      },
    });
  });
});

describe('webhooks of a project', () => {
  it('are there only for those who may see the project, and those of all projects for administrators', async () => {
    const maySee = (_who: unknown, project: string): boolean => project === 'p-1';
    await using own = await openServer({ maySee });
    await using receiver = await openReceiver();
    errorIn(await own.post('/api/v1/webhooks', { url: receiver.url, project_id: 'p-2' }), 'FORBIDDEN');
    const { webhook_id: id } = await subscribe(own, receiver.url, { project_id: 'p-1' });
    const { row } = await own.webhooks.create({
      url: receiver.url,
      event_types: ['*'],
      project_id: 'p-2',
      description: '',
      enabled: false,
      maker: {
        ...UNRESTRICTED,
        userId: 'bob',
        email: null,
        method: 'development',
        role: 'admin',
        projects: new Map(),
        credentialId: null,
      },
      webhookId: 'wh_hidden',
    });
    errorIn(await own.get(`/api/v1/webhooks/${row.webhook_id}`), 'WEBHOOK_NOT_FOUND');
    const list = webhookListSchema.parse((await own.get('/api/v1/webhooks')).body).webhooks;
    assert.deepEqual(
      list.map(({ webhook_id: of }) => of),
      [id],
    );
  });
});

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
    await using own = await openServer({ webhooks: { timeoutMs: 1500 } });
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
    assert.deepEqual(await lastError('hang'), [null, 'it gave no answer in 1.5 s']);
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

describe('the stream behind webhooks', () => {
  it('goes on from its cursor over a restart, and says which events were gone before they were told', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-told-'));
    const first = await openServer({ dir });
    await using receiver = await openReceiver();
    const { webhook_id: id } = await subscribe(first, receiver.url);
    await runOne(first);
    await waitFor(async () => (await deliveriesOf(first, id, '?status=delivered')).length === 6);
    await first[Symbol.asyncDispose]();
    // As if it had been killed before it read the stream, and stood still until the history was compacted.
    const tables = new DatabaseSync(join(dir, 'server.db'));
    tables.exec('UPDATE webhook_cursor SET position = 0');
    tables.close();
    const store = new SqliteStore({ dir: join(dir, 'engine'), durability: 'process', onEvents: () => undefined });
    while (await store.write((transaction) => transaction.compactEnded(systemClock.now()))) continue;
    await store[Symbol.asyncDispose]();
    await using again = await openServer({ dir });
    await waitFor(() => receiver.received.length === 8);
    const told = receiver.received.slice(6).map(({ payload }) => payload);
    assert.partialDeepStrictEqual(
      told.toSorted((a, b) => b.type.localeCompare(a.type)),
      [
        { type: 'gap', data: { from_position: 1, to_position: 5 } },
        { type: 'completed', data: { position: 6 } },
      ],
    );
    assert.ok(again.streams() === 0);
    rmSync(dir, { recursive: true, force: true });
  });
});

describe('the secret of a webhook', () => {
  it('is rotated with both signatures for a while, and once for one key', async () => {
    const clock = hurriedClock();
    await using own = await openServer({ clock });
    await using receiver = await openReceiver();
    const { webhook_id: id, secret: old } = await subscribe(own, receiver.url, { event_types: ['nothing'] });
    const rotate = (key: string, body: object): Promise<Answer> =>
      own.post(`/api/v1/webhooks/${id}/secret`, body, { 'idempotency-key': key });
    const first = webhookWithSecretSchema.parse((await rotate('a', { keep_previous_seconds: 3600 })).body);
    const again = webhookWithSecretSchema.parse((await rotate('a', { keep_previous_seconds: 3600 })).body);
    assert.equal(again.secret, first.secret);
    assert.notEqual(first.secret, old);
    const receive = async (): Promise<{ body: string; headers: Record<string, string> }> => {
      const had = receiver.received.length;
      await own.post(`/api/v1/webhooks/${id}/test`);
      await waitFor(() => receiver.received.length > had);
      const { body, headers } = receiver.received.at(-1) ?? assert.fail();
      // The library compares with the time of the machine.
      return { body, headers };
    };
    const both = await receive();
    new Webhook(old).verify(both.body, both.headers);
    new Webhook(first.secret).verify(both.body, both.headers);
    assert.equal(both.headers['webhook-signature']?.split(' ').length, 2);
    const last = webhookWithSecretSchema.parse((await rotate('b', { keep_previous_seconds: 0 })).body);
    const one = await receive();
    new Webhook(last.secret).verify(one.body, one.headers);
    for (const gone of [old, first.secret]) assert.throws(() => new Webhook(gone).verify(one.body, one.headers), /No matching/);
    await rotate('c', { keep_previous_seconds: 60 });
    clock.forward(61_000);
    assert.equal((await receive()).headers['webhook-signature']?.split(' ').length, 1);
  });
});
