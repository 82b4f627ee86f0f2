import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { whySchema } from '@loopwright/protocol';
import { type TestServer, errorIn, executionIn, openServer, pointersIn, untilStatus } from '../app-fixture.ts';

let server: TestServer;
before(async () => {
  server = await openServer();
});
after(() => server[Symbol.asyncDispose]());

const START = '/api/v1/workflows/plain/start';

describe('limits of an execution over HTTP', () => {
  it('pauses when the budget is used up, says what to do, and goes on when somebody does it', async () => {
    const body = { project_id: 'p', budgets: { attempts: 1, cost_usd: '2.50' }, priority: 8 };
    const { execution_id: id } = executionIn(await server.post(START, body), 201);
    const path = `/api/v1/executions/${id}`;
    const paused = await untilStatus(server, id, 'paused');
    assert.equal(paused.priority, 8);
    assert.deepEqual(
      [paused.budget?.limits, paused.budget?.used.attempts, paused.budget?.reached],
      [{ cost_usd: '2.5', tokens: null, attempts: 1, wall_seconds: null }, 1, 'attempts'],
    );
    const why = whySchema.parse((await server.get(`${path}/why`)).body);
    assert.match(why.sentence, /budget of attempts is used up \(1 of 1\)/);
    assert.match(why.unblock ?? '', /^POST \/api\/v1\/executions\/.*\/budget/);
    assert.equal(errorIn(await server.post(`${path}/resume`), 'BUDGET_REACHED').details?.['reached'], 'attempts');
    const keyed = { 'idempotency-key': 'k' };
    await server.post(`${path}/budget`, { add: { attempts: 1 } }, keyed);
    errorIn(await server.post(`${path}/budget`, { add: { attempts: 2 } }, keyed), 'IDEMPOTENCY_CONFLICT');
    await untilStatus(server, id, 'completed');
    errorIn(await server.post(`${path}/budget`, { add: { attempts: 1 } }), 'INVALID_STATE');
  });

  it('refuses amounts that are none', async () => {
    const body = { project_id: 'p', budgets: { cost_usd: '1e9', tokens: -1 }, priority: 10 };
    const error = errorIn(await server.post(START, body), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(error), ['/body/budgets/cost_usd', '/body/budgets/tokens', '/body/priority']);
    const nothing = errorIn(await server.post('/api/v1/executions/x/budget', { add: {} }), 'VALIDATION_ERROR');
    assert.deepEqual(pointersIn(nothing), ['/body/add']);
  });
});
