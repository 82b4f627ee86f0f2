import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type WorkflowSchedule, workflowDetailSchema, workflowListSchema, workflowScheduleSchema } from '@loopwright/protocol';
import { type Answer, type TestServer, errorIn, openServer } from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

function scheduleIn({ status, body }: Answer): WorkflowSchedule {
  assert.equal(status, 200, JSON.stringify(body));
  return workflowScheduleSchema.parse(body);
}

describe('the schedule of a workflow', () => {
  it('is shown with the workflow, and when it is due', async () => {
    const { workflows } = workflowListSchema.parse((await server.get('/api/v1/workflows')).body);
    const listed = workflows.find(({ workflow_id: id }) => id === 'yearly')?.schedule;
    const detail = workflowDetailSchema.parse((await server.get('/api/v1/workflows/yearly')).body).schedule;
    assert.deepEqual(listed, detail);
    assert.match(listed?.next_due ?? '', /^\d{4}-01-01T11:00:00\.000Z$/);
    const never = { starts: 0, last_started_at: null, last_execution_id: null, last_error: null };
    assert.deepEqual({ ...listed, next_due: null }, { kind: 'cron', state: 'active', next_due: null, ...never });
    assert.equal(workflows.find(({ workflow_id: id }) => id === 'review')?.schedule, null);
  });

  it('is paused and resumed, once each', async () => {
    const paused = scheduleIn(await server.post('/api/v1/workflows/yearly/schedule/pause'));
    assert.deepEqual([paused.state, paused.next_due], ['paused', null]);
    errorIn(await server.post('/api/v1/workflows/yearly/schedule/pause'), 'INVALID_STATE');
    const resumed = scheduleIn(await server.post('/api/v1/workflows/yearly/schedule/resume'));
    assert.equal(resumed.state, 'active');
    assert.notEqual(resumed.next_due, null);
    errorIn(await server.post('/api/v1/workflows/yearly/schedule/resume'), 'INVALID_STATE');
  });

  it('is missing where there is none', async () => {
    errorIn(await server.post('/api/v1/workflows/plain/schedule/pause'), 'INVALID_STATE');
    errorIn(await server.post('/api/v1/workflows/nowhere/schedule/resume'), 'WORKFLOW_NOT_FOUND');
  });
});
