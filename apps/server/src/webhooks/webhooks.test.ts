import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { webhookDeliveryListSchema, webhookListSchema, webhookSchema, webhookWithSecretSchema } from '@loopwright/protocol';
import { Webhook } from 'standardwebhooks';
import { UNRESTRICTED } from '../identity/principal.ts';
import { type Answer, type TestServer, errorIn, openServer, pointersIn } from '../http/app-fixture.ts';
import { type Receiver, openReceiver } from './receiver-fixture.ts';
import { waitFor, call, subscribe, deliveriesOf, runOne } from './webhooks-fixture.ts';

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
    const made = await subscribe(server, `${receiver.url}/secret`, { event_types: ['webhook_disabled'], description: 'mine' });
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
    const body = { url: `${receiver.url}/keyed`, event_types: ['webhook_disabled'] };
    const post = (given: object): Promise<Answer> => server.post('/api/v1/webhooks', given, { 'idempotency-key': 'once' });
    const first = webhookWithSecretSchema.parse((await post(body)).body);
    const again = await post(body);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal(again.headers.get('location'), `/api/v1/webhooks/${first.webhook_id}`);
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
    const made = await subscribe(server, url, { event_types: ['webhook_disabled'] });
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
    const { webhook_id: id } = await subscribe(server, `${receiver.url}/again`, { event_types: ['webhook_disabled'] });
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
