import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { explain } from '../execution/why.ts';
import { systemClock } from '@loopwright/protocol';
import {
  countingFunctions,
  documentOf,
  journalDir,
  openEngine,
  pointersOf,
  startOne,
  until,
  untilStatus,
} from './engine-fixture.ts';
import { loadDefinition } from '../definition/load-definition.ts';

const QUESTION = `
  - ask:
      call: clarify
      with:
        title: About the input
        questions:
          - { id: UNKNOWN, text: 'Which label?', answer_type: single_choice, choices: [a, b], default: a }
          - { id: TARGET, text: 'Which target?', answer_type: number, minimum: 0, maximum: 1 }
      export: { as: '\${ $context + { asked: $output } }' }`;

describe('Engine', () => {
  it('runs a sequence with data flow and ends with the last output', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      flow: `
do:
  - first: { set: { n: '\${ .start + 1 }' } }
  - second: { call: note, with: { id: s, value: '\${ .n * 10 }' }, export: { as: '\${ { kept: . } }' } }
  - skipped: { if: '\${ false }', call: note, with: { id: never } }
  - third: { set: { kept: '\${ $context.kept }', id: '\${ $workflow.input.start }' } }`,
    });
    const { execution } = await startOne(engine, 'flow', { start: 4 });
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(done.output, { kept: 50, id: 4 });
    assert.equal(runs.get('s'), 1);
    assert.equal(runs.get('never'), undefined);
    assert.deepEqual(engine.read.completedSteps(execution.id), ['second']);
  });

  it('filters input and output by bare expressions, and leaves data that looks like a condition alone', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      filter: `
do:
  - pick: { input: { from: .user.name }, set: { name: '\${ . }', when: 'not (an expression' }, output: { as: '{ name, when }' } }
  - last: { set: '\${ .name }', metadata: { note: '\${ not evaluated ' } }`,
    });
    const { execution } = await startOne(engine, 'filter', { user: { name: 'ann' } });
    assert.equal((await untilStatus(engine, execution.id, 'completed')).output, 'ann');
  });

  it('switches, jumps back by name and gives each visit its own record', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      loop: `
do:
  - begin: { set: { n: 0 } }
  - work: { call: note, with: { id: '\${ "w\\(.n)" }', value: { n: '\${ .n + 1 }' } } }
  - decide: { switch: [{ again: { when: '\${ .n < 3 }', then: work } }, { done: { then: end } }, { never: { when: '\${ false }', then: unreached } }] }
  - unreached: { call: note, with: { id: x } }`,
    });
    const { execution } = await startOne(engine, 'loop');
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(done.output, { n: 3 });
    assert.deepEqual(
      [...runs.entries()],
      [
        ['w0', 1],
        ['w1', 1],
        ['w2', 1],
      ],
    );
  });

  it('retries with back-off, then gives the error to catch', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      retry: `
do:
  - guarded:
      try: [{ flaky: { call: fail, with: { id: f, times: '\${ .times }' } } }]
      catch:
        errors: { with: { status: 500 } }
        as: problem
        retry: { delay: { milliseconds: 5 }, backoff: { exponential: {} }, limit: { attempt: { count: 2 } } }
        do: [{ explain: { set: { failed: '\${ $problem.detail }' } } }]`,
    });
    const good = await startOne(engine, 'retry', { times: 2 });
    assert.equal((await untilStatus(engine, good.execution.id, 'completed')).output, 3);
    runs.clear();
    const bad = await startOne(engine, 'retry', { times: 9 });
    assert.deepEqual((await untilStatus(engine, bad.execution.id, 'completed')).output, { failed: 'failed 3' });
    assert.equal(runs.get('f'), 3);
    const types = engine.read.events(bad.execution.id, 0, 100).map(({ type }) => type);
    assert.equal(types.filter((type) => type === 'retry_scheduled').length, 2);
    assert.deepEqual(engine.read.completedSteps(bad.execution.id), []);
  });

  it('ends with the error that nobody catches and says where', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      raise: `
do:
  - outer: { do: [{ stop: { raise: { error: { type: 'https://example.com/no', status: 409, title: No, detail: '\${ "it is \\(.x)" }' } } } }] }`,
    });
    const { execution } = await startOne(engine, 'raise', { x: 'so' });
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.deepEqual(failed.error, {
      type: 'https://example.com/no',
      status: 409,
      title: 'No',
      detail: 'it is so',
      instance: '/do/0/outer/do/0/stop',
    });
    assert.match(explain(engine.read, failed, systemClock).sentence, /^It has failed: it is so/);
  });

  it('starts the same id once and refuses it for another request', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { one: `do: [{ a: { call: note, with: { id: a } } }]` });
    const id = crypto.randomUUID();
    const [first, second] = await Promise.all([startOne(engine, 'one', { v: 1 }, id), startOne(engine, 'one', { v: 1 }, id)]);
    assert.equal([first, second].filter(({ created }) => created).length, 1);
    await untilStatus(engine, id, 'completed');
    assert.equal(runs.get('a'), 1);
    await assert.rejects(startOne(engine, 'one', { v: 2 }, id), { code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('refuses input that does not fit the schema of the workflow and stores nothing', async () => {
    const { functions, runs } = countingFunctions();
    const dir = journalDir();
    const body = (most: number): string => `
input: { schema: { document: { $id: 'urn:test:input', type: object, properties: { n: { type: integer, maximum: ${most} } }, required: [n] } } }
do: [{ a: { call: note, with: { id: a } } }]`;
    const engine = await openEngine(dir, functions, { checked: body(5) });
    for (const [input, pointer] of [
      [{}, '/input'],
      [{ n: 'x' }, '/input/n'],
      [{ n: 6 }, '/input/n'],
      [7, '/input'],
    ] as const) {
      await assert.rejects(startOne(engine, 'checked', input), (error: unknown) => {
        assert.ok(error instanceof PlatformError && error.code === 'VALIDATION_ERROR');
        assert.match(error.message, /^Cannot start "checked": \/input/);
        assert.deepEqual(pointersOf(error), [pointer]);
        return true;
      });
    }
    assert.equal(engine.read.executions({ limit: 1 }).total, 0);
    const { execution } = await startOne(engine, 'checked', { n: 5 });
    await untilStatus(engine, execution.id, 'completed');
    // A changed definition may bring the identity of its schema along, and does not refuse what was started before it.
    await engine.register(loadDefinition(documentOf('checked', body(3)), engine.functions));
    await assert.rejects(startOne(engine, 'checked', { n: 5 }), { code: 'VALIDATION_ERROR' });
    assert.equal((await startOne(engine, 'checked', { n: 5 }, execution.id)).created, false);
    const low = await startOne(engine, 'checked', { n: 3 });
    await untilStatus(engine, low.execution.id, 'completed');
    assert.equal(runs.get('a'), 2);
    await engine.close(0);
  });

  it('waits by a timer that survives the process', async () => {
    const { functions, runs } = countingFunctions();
    const dir = journalDir();
    const bodies = {
      timer: `do: [{ a: { call: note, with: { id: a } } }, { nap: { wait: { milliseconds: 400 } } }, { b: { call: note, with: { id: b } } }]`,
    };
    const engine = await openEngine(dir, functions, bodies);
    const { execution } = await startOne(engine, 'timer');
    await until(engine, execution.id, () => engine.read.nextDue() !== undefined);
    await engine.close(100);
    await using again = await openEngine(dir, functions, bodies);
    await untilStatus(again, execution.id, 'completed');
    assert.deepEqual(
      [...runs.entries()],
      [
        ['a', 1],
        ['b', 1],
      ],
    );
  });

  it('pauses before the next step, stops timers, and goes on with what was left', async () => {
    const { functions, runs } = countingFunctions();
    const dir = journalDir();
    const bodies = { nap: `do: [{ nap: { wait: { milliseconds: 500 } } }, { b: { call: note, with: { id: b } } }]` };
    const engine = await openEngine(dir, functions, bodies);
    const { execution } = await startOne(engine, 'nap');
    await until(engine, execution.id, () => engine.read.nextDue() !== undefined);
    await engine.pause(execution.id, 'ann');
    assert.equal(engine.read.nextDue(), undefined);
    await new Promise((resolve) => void setTimeout(resolve, 550));
    assert.equal(runs.get('b'), undefined);
    await engine.close(100);
    await using again = await openEngine(dir, functions, bodies);
    assert.equal(again.read.execution(execution.id)?.status, 'paused');
    await assert.rejects(again.pause(execution.id, 'ann'), { code: 'INVALID_STATE' });
    await again.resume(execution.id, 'ann');
    await untilStatus(again, execution.id, 'completed');
    assert.equal(runs.get('b'), 1);
  });

  it('cancels for good and aborts the step under way', async () => {
    const { functions, aborted } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { hang: `do: [{ h: { call: hang, with: { id: h } } }]` });
    const { execution } = await startOne(engine, 'hang');
    await until(engine, execution.id, ({ currentStep }) => currentStep === 'h');
    await engine.cancel(execution.id, { who: 'ann', reason: 'enough' });
    assert.deepEqual(aborted, ['h']);
    await assert.rejects(engine.cancel(execution.id, { who: 'ann', reason: null }), { code: 'INVALID_STATE' });
    await new Promise((resolve) => void setTimeout(resolve, 20));
    assert.equal(engine.read.execution(execution.id)?.status, 'cancelled');
    assert.equal(engine.read.events(execution.id, 0, 100).at(-1)?.type, 'cancelled');
  });

  it('cuts a step off at its time-out, also one that was under way when the process ended', async () => {
    const { functions, aborted } = countingFunctions();
    const dir = journalDir();
    const bodies = {
      slow: `
do:
  - guarded:
      try: [{ h: { call: hang, with: { id: h }, timeout: { after: { milliseconds: 400 } } } }]
      catch: { errors: { with: { status: 408 } }, do: [{ late: { set: { late: true } } }] }`,
    };
    const engine = await openEngine(dir, functions, bodies);
    const first = await startOne(engine, 'slow');
    assert.deepEqual((await untilStatus(engine, first.execution.id, 'completed')).output, { late: true });
    assert.deepEqual(aborted, ['h']);
    const second = await startOne(engine, 'slow');
    await until(engine, second.execution.id, ({ currentStep }) => currentStep === 'h');
    await engine.close(0);
    await using again = await openEngine(dir, functions, bodies);
    assert.deepEqual((await untilStatus(again, second.execution.id, 'completed')).output, { late: true });
  });

  it('keeps the definition an execution started with', async () => {
    const { functions } = countingFunctions();
    const dir = journalDir();
    const engine = await openEngine(dir, functions, { pinned: `do:${QUESTION}\n  - last: { set: { answered: first } }` });
    const { execution } = await startOne(engine, 'pinned');
    await untilStatus(engine, execution.id, 'waiting_clarification');
    await engine.close(0);
    await using again = await openEngine(dir, functions, { pinned: `do:${QUESTION}\n  - last: { set: { answered: second } }` });
    await again.answer(
      { executionId: execution.id },
      { kind: 'clarification', answers: { TARGET: 0.9 } },
      { answerId: '1', answeredBy: 'ann' },
    );
    assert.deepEqual((await untilStatus(again, execution.id, 'completed')).output, { answered: 'first' });
  });

  it('refuses a second process', async () => {
    const dir = journalDir();
    await using engine = await openEngine(dir, {}, {});
    assert.ok(engine);
    await assert.rejects(openEngine(dir, {}, {}), { code: 'DATA_DIR_IN_USE' });
  });
});

describe('loadDefinition', () => {
  it('reports every mistake with its pointer', () => {
    const text = documentOf(
      'wrong',
      `
do:
  - a: { call: nowhere, then: gone }
  - a: { set: { x: '\${ now }', y: '\${ $nope }', z: '\${ .[ }' } }
  - t: { try: [{ b: { wait: { seconds: 1 } } }], catch: { retry: none }, timeout: none }`,
    );
    assert.throws(
      () => loadDefinition(text, {}),
      (error: unknown) => {
        assert.ok(error instanceof PlatformError);
        assert.equal(error.code, 'INVALID_DEFINITION');
        assert.deepEqual(pointersOf(error), [
          '/do/0/a',
          '/do/0/a/call',
          '/do/1/a',
          '/do/1/a/set/x',
          '/do/1/a/set/y',
          '/do/1/a/set/z',
          '/do/2/t/catch/retry',
          '/do/2/t/timeout',
        ]);
        return true;
      },
    );
  });
});
