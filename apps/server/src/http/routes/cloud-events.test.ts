import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestServer, errorIn, openServer, pointersIn, start, untilStatus } from '../app-fixture.ts';

const LISTENING = `
document: { dsl: '1.0.0', namespace: test, name: listening, version: '1.0.0' }
do:
  - paid: { listen: { to: { one: { with: { type: paid.v1 } } }, read: envelope } }`;

describe('POST /api/v1/events', () => {
  let server: TestServer;
  before(async () => {
    server = await openServer({ definitions: { listening: LISTENING } });
  });
  after(() => server.close());

  it('wakes the executions that listen, once for an event', async () => {
    const execution = await start(server, 'listening');
    const event = { specversion: '1.0', id: '1', source: '/shop', type: 'paid.v1', data: { order: 7 } };
    let delivered: unknown;
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      const type = { 'content-type': 'application/cloudevents+json' };
      const { status, body } = await server.post('/api/v1/events', JSON.stringify(event), type);
      assert.equal(status, 202);
      delivered = body;
      if (JSON.stringify(body) === '{"delivered":1}') break;
    }
    assert.deepEqual(delivered, { delivered: 1 });
    const done = await untilStatus(server, execution.execution_id, 'completed');
    assert.deepEqual(done.output, [event]);
    assert.deepEqual((await server.post('/api/v1/events', event)).body, { delivered: 0 });
  });

  it('refuses what is no event', async () => {
    const error = errorIn(await server.post('/api/v1/events', { id: '1', type: 'paid.v1' }), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(error), ['/body/source']);
  });
});
