import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type WebhookDelivery,
  globalEventPageSchema,
  webhookDeliveryListSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '@loopwright/protocol';
import { type TestServer, executionIn, openServer } from '../http/app-fixture.ts';
import { keyFor } from '../http/identity-fixture.ts';
import { NoticeOutbox } from '../events/notice-outbox.ts';
import { type Receiver, openReceiver } from './receiver-fixture.ts';

type By = Record<string, string>;
let server: TestServer;
let receiver: Receiver;
let root: By;
before(async () => {
  server = await openServer();
  receiver = await openReceiver();
  root = { ...(await keyFor(server.identity, 'root', 'admin')).headers };
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'waited for 60 s');
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

async function subscribe(by: By, path: string, project: string | null = 'p'): Promise<string> {
  const body = { url: `${receiver.url}${path}`, event_types: ['completed'], project_id: project };
  const answer = await server.post('/api/v1/webhooks', body, by);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return webhookWithSecretSchema.parse(answer.body).webhook_id;
}

async function deliveries(id: string): Promise<WebhookDelivery[]> {
  return webhookDeliveryListSchema.parse((await server.get(`/api/v1/webhooks/${id}/deliveries`, root)).body).deliveries;
}

/** Runs an execution in a project to its end. */
async function runOne(project = 'p'): Promise<void> {
  const body = { project_id: project, initial_context: {} };
  const { execution_id: id } = executionIn(await server.post('/api/v1/workflows/plain/start', body, root), 201);
  await until(() => server.engine.read.status(id) === 'completed');
}

/** Makes a webhook that works, takes the permission away, and sees that nothing more is sent, that the log says so and that it is shown. */
async function loses(id: string, path: string, { take, why }: { take: () => Promise<unknown>; why: RegExp }): Promise<void> {
  await runOne();
  await until(() => receiver.of(path).length === 1);
  assert.equal((await server.get(`/api/v1/webhooks/${id}`, root)).status, 200);
  await take();
  await runOne();
  await until(async () => (await deliveries(id)).some(({ status }) => status === 'failed'));
  const [refused] = await deliveries(id);
  assert.match(refused?.last_attempt?.error ?? '', why);
  assert.deepEqual([refused?.attempts, refused?.next_attempt_at, refused?.last_attempt?.response_status], [1, null, null]);
  assert.equal(receiver.of(path).length, 1, 'nothing more is sent');
  const shown = webhookSchema.parse((await server.get(`/api/v1/webhooks/${id}`, root)).body);
  assert.deepEqual([shown.enabled, shown.is_blocked, shown.failing_since], [true, true, null]);
  assert.match(shown.why ?? '', why);
}

describe('a webhook whose creator lost the permission', () => {
  it('sends nothing more when his grant was taken, and goes on when he has it again', async () => {
    const ann = { ...(await keyFor(server.identity, 'ann', 'operator')).headers };
    const { grants } = server.authorization;
    const id = await subscribe(ann, '/grant');
    const grant = { project_id: 'p', user_id: 'ann', granted_by: 'root' } as const;
    await loses(id, '/grant', {
      take: () => grants.put({ ...grant, role: 'none' }),
      why: /creator "ann" may not see the project "p" any more/,
    });
    await grants.put({ ...grant, role: 'viewer' });
    await runOne();
    await until(() => receiver.of('/grant').length === 2);
    const shown = webhookSchema.parse((await server.get(`/api/v1/webhooks/${id}`, root)).body);
    assert.deepEqual([shown.is_blocked, shown.why], [false, null]);
  });

  it('sends nothing more when the key that it was made with was revoked', async () => {
    const bob = await keyFor(server.identity, 'bob', 'operator');
    const id = await subscribe({ ...bob.headers }, '/key');
    await loses(id, '/key', { take: () => server.identity.keys.revoke(bob.id), why: /key that it was made with was revoked/ });
  });

  it('sends nothing more of all projects when its creator is no administrator any more', async () => {
    const eve = { ...(await keyFor(server.identity, 'eve', 'admin')).headers };
    const id = await subscribe(eve, '/role', null);
    await loses(id, '/role', {
      take: () => server.authorization.users.change('eve', 'operator'),
      why: /creator "eve" may not see all projects any more/,
    });
  });

  it('tells of a project that its creator sees no more nothing, while it tells of others', async () => {
    const ada = { ...(await keyFor(server.identity, 'ada', 'admin')).headers };
    const id = await subscribe(ada, '/some', null);
    await server.authorization.grants.put({ project_id: 'closed', user_id: 'ada', role: 'none', granted_by: 'root' });
    await runOne('closed');
    await runOne('open');
    await until(async () => (await deliveries(id)).filter(({ status }) => status !== 'pending').length === 2);
    assert.deepEqual(
      receiver.of('/some').map(({ payload }) => payload.data['project_id']),
      ['open'],
    );
    assert.deepEqual(
      (await deliveries(id)).map(({ status }) => status),
      ['delivered', 'failed'],
    );
  });
});

describe('what was decided about webhooks', () => {
  it('is told in the stream once, after a crash between the decision and the telling too, to those who may see the project', async () => {
    const guest = { ...(await keyFor(server.identity, 'guest', 'viewer')).headers };
    await server.authorization.grants.put({ project_id: 'quiet', user_id: 'guest', role: 'none', granted_by: 'root' });
    const outbox = new NoticeOutbox(server.database, (notice) => server.engine.announce(notice));
    const notice = { id: 'webhook_disabled/x/1', type: 'webhook_disabled', data: { webhook_id: 'x', why: 'gone' } };
    await outbox.put(server.database, { ...notice, projectId: 'quiet' });
    await server.engine.announce({ ...notice, projectId: 'quiet' });
    await outbox.tell();
    await outbox.put(server.database, { ...notice, id: 'webhook_disabled/y/1', projectId: null });
    await outbox.tell();
    const read = async (by: By): Promise<unknown[]> =>
      globalEventPageSchema
        .parse((await server.get('/api/v1/events?event_type=webhook_disabled', by)).body)
        .events.map(({ project_id, data }) => [project_id, data['webhook_id']]);
    assert.deepEqual(await read(root), [
      ['quiet', 'x'],
      [null, 'x'],
    ]);
    assert.deepEqual(await read(guest), [], 'what concerns all projects is for administrators');
    assert.equal((await server.database.selectFrom('pending_notices').selectAll().execute()).length, 0);
    const clouds = await server.get('/api/v1/events?event_type=webhook_disabled', {
      ...root,
      accept: 'application/cloudevents-batch+json',
    });
    assert.match(JSON.stringify(clouds.body), /dev\.loopwright\.platform\.webhook_disabled/);
  });
});
