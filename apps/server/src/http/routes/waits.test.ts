import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Wait, waitListSchema } from '@loopwright/protocol';
import { DEFINITIONS, type TestServer, errorIn, executionIn, openServer, start, until, untilStatus } from '../app-fixture.ts';

const WAITS = `
document: { dsl: '1.0.0', namespace: test, name: waits, version: '1.0.0' }
do:
  - nap: { wait: { milliseconds: 5 } }
  - again:
      try: [{ flaky: { call: shout, with: { characters: 5, times: 9 } } }]
      catch: { retry: { delay: { milliseconds: 5 }, limit: { attempt: { count: 1 } } }, do: [{ skip: { set: { skipped: true } } }] }
  - ask: { call: accept, with: { title: Go on?, doc_type: plan, subject: null } }
  - part: { run: { workflow: { namespace: test, name: plain, version: '1.2.0' } } }
  - hear: { listen: { to: { any: [{ with: { type: heard } }, { with: { type: seen } }] } } }
  - late: { call: accept, with: { title: Still here?, doc_type: plan, subject: null } }
`;

let server: TestServer;
before(async () => {
  server = await openServer({ definitions: { ...DEFINITIONS, waits: WAITS } });
});
after(() => server[Symbol.asyncDispose]());

const PATH = '/api/v1/executions';
async function waitsOf(id: string): Promise<Wait[]> {
  const { waits, total, is_whole } = waitListSchema.parse((await server.get(`${PATH}/${id}/waits`)).body);
  assert.deepEqual([waits.length, is_whole], [total, true]);
  return waits;
}
const said = ({ kind, subject, ended_at: ended, was_in_vain: vain }: Wait): string =>
  [kind, subject, ended === null ? 'lasts' : vain ? 'in vain' : 'over'].join(' ');

describe('GET /api/v1/executions/{execution_id}/waits', () => {
  it('has each time that an execution stood still, for what, and how long', async () => {
    const { execution_id: id } = await start(server, 'waits');
    await untilStatus(server, id, 'waiting_acceptance');
    const first = await waitsOf(id);
    assert.deepEqual(first.map(said), ['timer  over', 'retry 1 over', 'person Go on? lasts']);
    assert.ok(first.every(({ started_at: from, ended_at: to }) => to === null || to >= from));
    await server.post(`${PATH}/${id}/pause`);
    assert.deepEqual((await waitsOf(id)).slice(3).map(said), ['pause developer lasts']);
    await server.post(`${PATH}/${id}/resume`);
    await server.post(`${PATH}/${id}/acceptance`, { accepted: true });
    await until(server, id, ({ current_step_id: step }) => step === 'hear');
    assert.deepEqual((await waitsOf(id)).slice(2).map(said), [
      'person Go on? over',
      'pause developer over',
      'execution  over',
      'event heard, seen lasts',
    ]);
    const heard = { specversion: '1.0', id: 'e', source: '/test', type: 'heard', data: { type: 'none' } };
    await server.post('/api/v1/events', heard);
    await untilStatus(server, id, 'waiting_acceptance');
    await server.post(`${PATH}/${id}/cancel`);
    const all = await waitsOf(id);
    assert.deepEqual(all.slice(5).map(said), ['event  over', 'person Still here? in vain']);
    const steps = new Set(executionIn(await server.get(`${PATH}/${id}`)).step_progress.map(({ key }) => key));
    assert.ok(all.filter(({ kind }) => kind === 'person').every(({ key }) => steps.has(key)));
  });

  it('says of the gates of a run that somebody has to advance it', async () => {
    const { body } = await server.post('/api/v1/runs', { profile: 'phased', intake: 'x' });
    const { run_id: id } = body as { run_id: string };
    await server.post(`/api/v1/runs/${id}/next`);
    assert.deepEqual((await waitsOf(id)).map(said), ['advance planning over', 'advance qa lasts']);
  });

  it('is refused for one that is not there', async () => {
    errorIn(await server.get(`${PATH}/none/waits`), 'EXECUTION_NOT_FOUND');
  });
});
