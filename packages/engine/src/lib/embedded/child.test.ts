import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from '../execution/why.ts';
import { systemClock } from '@loopwright/protocol';
import type { Engine } from './engine.ts';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

const run = (name: string, rest = ''): string =>
  `{ run: { workflow: { namespace: test, name: ${name}, version: latest }${rest} } }`;
const PARENT = `do: [{ part: ${run('child')} }, { after: { set: { got: '\${ . }' } } }]`;
const ASKS = `do: [{ ask: { call: accept, with: { title: Go on?, doc_type: plan, subject: {} } } }]`;

/** The one execution that another runs, as soon as there is one. */
async function childOf(engine: Engine, id: string): Promise<string> {
  await until(engine, id, () => engine.read.children(id).length > 0);
  return engine.read.children(id)[0] ?? '';
}

describe('run: workflow', () => {
  it('gives the output of the other workflow, which gets the input of the task or its own', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      double: `do: [{ twice: { set: { n: '\${ .n * 2 }' } } }]`,
      parent: `do:
  - first: { run: { workflow: { namespace: test, name: double, version: latest } } }
  - second: { run: { workflow: { namespace: test, name: double, version: 1.0.0, input: { n: '\${ .n + 1 }' } } } }`,
    });
    const { execution } = await startOne(engine, 'parent', { n: 3 });
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(done.output, { n: 14 });
    const children = engine.read.children(execution.id).map((id) => engine.read.execution(id));
    assert.deepEqual(
      children.map((child) => [child?.workflow, child?.parent, child?.depth, child?.status]),
      ['first', 'second'].map((key) => ['double', { executionId: execution.id, key }, 1, 'completed']),
    );
  });

  it('throws the error of the other workflow, which can be caught and tried again', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      child: `do: [{ f: { call: fail, with: { id: f, times: 1 } } }]`,
      parent: `do:
  - guarded: { try: [{ part: ${run('child')} }], catch: { retry: { delay: { milliseconds: 1 }, limit: { attempt: { count: 3 } } } } }`,
    });
    const { execution } = await startOne(engine, 'parent');
    assert.equal((await untilStatus(engine, execution.id, 'completed')).output, 2);
    assert.deepEqual(
      engine.read.children(execution.id).map((id) => engine.read.execution(id)?.status),
      ['failed', 'completed'],
    );
    assert.equal(runs.get('f'), 2);
  });

  it('waits over a restart for a question that the other workflow asks, and starts it once', async () => {
    const { functions } = countingFunctions();
    const dir = journalDir();
    const bodies = { child: ASKS, parent: PARENT };
    const engine = await openEngine(dir, functions, bodies);
    const { execution } = await startOne(engine, 'parent');
    const child = await childOf(engine, execution.id);
    await untilStatus(engine, child, 'waiting_acceptance');
    const why = explain(engine.read, engine.read.execution(execution.id) ?? execution, systemClock);
    assert.match(why.sentence, new RegExp(`It waits for the execution ${child}`));
    await engine.close(0);
    await using again = await openEngine(dir, functions, bodies);
    const by = { answerId: 'a', answeredBy: 'ann' };
    await again.answer({ executionId: child }, { kind: 'acceptance', accepted: true }, by);
    const done = await untilStatus(again, execution.id, 'completed');
    assert.equal((done.output as { got: { accepted: boolean } }).got.accepted, true);
    assert.deepEqual(again.read.children(execution.id), [child]);
  });

  it('cancels, pauses and resumes what it waits for with itself', async () => {
    const { functions, aborted } = countingFunctions();
    const hangs = `do: [{ wait: { call: hang, with: { id: h } } }]`;
    await using engine = await openEngine(journalDir(), functions, {
      child: hangs,
      naps: `do: [{ nap: { wait: { milliseconds: 400 } } }]`,
      parent: PARENT,
      napping: `do: [{ part: ${run('naps')} }]`,
    });
    const { execution: paused } = await startOne(engine, 'napping');
    const napping = await childOf(engine, paused.id);
    await engine.pause(paused.id, 'ann');
    assert.equal(engine.read.execution(napping)?.status, 'paused');
    await engine.resume(paused.id, 'ann');
    await untilStatus(engine, paused.id, 'completed');

    const { execution } = await startOne(engine, 'parent');
    const child = await childOf(engine, execution.id);
    await until(engine, child, ({ currentStep }) => currentStep === 'wait');
    await engine.cancel(execution.id, { who: 'ann', reason: null });
    assert.equal(engine.read.execution(child)?.status, 'cancelled');
    assert.deepEqual(aborted, ['h']);
  });

  it('fails the task when somebody cancels the other execution', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { child: ASKS, parent: PARENT });
    const { execution } = await startOne(engine, 'parent');
    const child = await childOf(engine, execution.id);
    await untilStatus(engine, child, 'waiting_acceptance');
    await engine.cancel(child, { who: 'bob', reason: null });
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.equal((failed.error as { title: string }).title, 'EXECUTION_CANCELLED');
  });

  it('gives up the other execution when its time is over', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      child: ASKS,
      parent: `do: [{ part: { run: { workflow: { namespace: test, name: child, version: latest } }, timeout: { after: { milliseconds: 60 } } } }]`,
    });
    const { execution } = await startOne(engine, 'parent');
    const child = await childOf(engine, execution.id);
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.equal((failed.error as { title: string }).title, 'STEP_TIMEOUT');
    assert.equal(engine.read.execution(child)?.status, 'cancelled');
  });

  it('does not wait with await: false, and lets the other one live on', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      child: ASKS,
      parent: `do: [{ part: ${run('child', ', await: false')} }]`,
    });
    const { execution } = await startOne(engine, 'parent', { keep: 1 });
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { keep: 1 });
    await untilStatus(engine, await childOf(engine, execution.id), 'waiting_acceptance');
  });

  it('records that there is no such workflow, and ends one that runs itself', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      parent: PARENT,
      itself: `do: [{ again: ${run('itself')} }]`,
    });
    const { execution } = await startOne(engine, 'parent');
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.equal((failed.error as { title: string }).title, 'WORKFLOW_NOT_FOUND');
    const { execution: deep } = await startOne(engine, 'itself');
    const ended = await untilStatus(engine, deep.id, 'failed');
    assert.equal((ended.error as { title: string }).title, 'LIMIT_EXCEEDED');
    assert.equal(engine.read.executions({ workflow: 'itself', limit: 100 }).total, 33);
  });
});
