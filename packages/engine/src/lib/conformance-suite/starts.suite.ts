import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ExecutionEvent } from '../execution/execution.ts';
import type { ConformanceHarness } from './harness.ts';
import { SuiteBench } from './suite-bench.ts';

/** Starts, and the events that tell of an execution. */
export function startCases(harness: ConformanceHarness): void {
  it('starts the same id once, and refuses it for another request', async () => {
    await using bench = await SuiteBench.open(harness);
    const request = {
      executionId: crypto.randomUUID(),
      workflow: 'short',
      projectId: 'p',
      input: { id: 'once' },
      startedBy: 'ann',
    };
    const both = await Promise.all([bench.engine.start(request), bench.engine.start(request)]);
    assert.equal(both.filter(({ created }) => created).length, 1);
    const done = await bench.untilStatus(request.executionId, 'completed');
    assert.deepEqual(done.output, { done: 'once' });
    assert.deepEqual(done.input, { id: 'once' });
    assert.equal((await bench.engine.start(request)).created, false);
    await assert.rejects(bench.engine.start({ ...request, input: { id: 'other' } }), { code: 'IDEMPOTENCY_CONFLICT' });
    assert.equal(bench.log.begun('once'), 1);
    await assert.rejects(bench.start('nowhere'), { code: 'WORKFLOW_NOT_FOUND' });
  });

  it('numbers the events without gaps, tells them in order, and gives them from a cursor', async () => {
    await using bench = await SuiteBench.open(harness);
    const id = crypto.randomUUID();
    const told: ExecutionEvent[] = [];
    const end = bench.engine.subscribe(id, (event) => told.push(event));
    await bench.start('short', { id: 'told' }, id);
    await bench.untilStatus(id, 'completed');
    await bench.until('the last event', () => told.at(-1)?.type === 'completed');
    end();
    assert.deepEqual(
      told.map(({ type, step }) => [type, step]),
      [
        ['execution_started', null],
        ['step_started', 'one'],
        ['step_completed', 'one'],
        ['completed', null],
      ],
    );
    assert.deepEqual(
      told.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
    assert.deepEqual(bench.engine.read.events(id, 0, 100), told);
    assert.deepEqual(bench.engine.read.events(id, 2, 1), told.slice(2, 3));
    await bench.reopen();
    assert.deepEqual(bench.engine.read.events(id, 0, 100), told);
  });
}
