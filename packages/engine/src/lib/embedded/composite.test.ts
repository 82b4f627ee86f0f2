import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

describe('for', () => {
  it('gives each round the output of the one before, the item and the index', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      loop: `
do:
  - rounds:
      for: { each: colour, in: .colours, at: place }
      while: $place < 3
      do:
        - mark: { call: note, with: { id: '\${ $colour }', value: { seen: '\${ .seen + [$colour] }', places: '\${ .places + [$place] }' } } }
  - none: { for: { in: '\${ [] }' }, do: [{ never: { call: note, with: { id: never } } }] }`,
    });
    const { execution } = await startOne(engine, 'loop', { colours: ['red', 'green', 'blue', 'grey'] });
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(done.output, { seen: ['red', 'green', 'blue'], places: [0, 1, 2] });
    assert.deepEqual([...runs.keys()], ['red', 'green', 'blue']);
  });

  it('goes on in the round where the process ended', async () => {
    const { functions, runs } = countingFunctions();
    const dir = journalDir();
    const body = `
do:
  - rounds:
      for: { in: '\${ [range(5)] }' }
      do: [{ mark: { call: note, with: { id: '\${ "r\\($item)" }' } } }, { nap: { wait: { milliseconds: 20 } } }]`;
    const engine = await openEngine(dir, functions, { loop: body });
    const { execution } = await startOne(engine, 'loop');
    await until(engine, execution.id, () => runs.size === 3);
    await engine.close(0);
    await using again = await openEngine(dir, functions, { loop: body });
    await untilStatus(again, execution.id, 'completed');
    assert.deepEqual(
      [...runs.entries()],
      [
        ['r0', 1],
        ['r1', 1],
        ['r2', 1],
        ['r3', 1],
        ['r4', 1],
      ],
    );
  });

  it('says so when there is nothing to go through', async () => {
    await using engine = await openEngine(
      journalDir(),
      {},
      { loop: `do: [{ rounds: { for: { in: .x }, do: [{ s: { set: { a: 1 } } }] } }]` },
    );
    const { execution } = await startOne(engine, 'loop', { x: 5 });
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.match(JSON.stringify(failed.error), /gives no array/);
  });
});

describe('fork', () => {
  it('runs branches at the same time and puts outputs and exports together', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      fork: `
do:
  - start: { set: { n: 1 }, export: { as: '{ base: 0 }' } }
  - both:
      fork:
        branches:
          - slow: { do: [{ nap: { wait: { milliseconds: 30 } } }, { a: { call: note, with: { id: a, value: 1 }, export: { as: '$context + { a: . }' } } }] }
          - quick: { call: note, with: { id: b, value: 2 }, export: { as: '$context + { b: . }' } }
  - last: { set: { outputs: '\${ . }', context: '\${ $context }' } }`,
    });
    const { execution } = await startOne(engine, 'fork');
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(done.output, { outputs: [1, 2], context: { base: 0, a: 1, b: 2 } });
    assert.deepEqual([...runs.keys()], ['b', 'a']);
  });

  it('lets the first win, gives the others up, and decides the same after a restart', async () => {
    const { functions, runs, aborted } = countingFunctions();
    const dir = journalDir();
    const body = `
do:
  - race:
      fork:
        compete: true
        branches:
          - hangs: { call: hang, with: { id: h } }
          - asks: { call: accept, with: { title: Well?, doc_type: d, subject: 1 } }
          - wins: { do: [{ nap: { wait: { milliseconds: 20 } } }, { w: { call: note, with: { id: w, value: won } } }] }
  - pause: { wait: { milliseconds: 60 } }
  - after: { call: note, with: { id: after, value: '\${ . }' } }`;
    const engine = await openEngine(dir, functions, { race: body });
    const { execution } = await startOne(engine, 'race');
    await until(engine, execution.id, ({ currentStep }) => currentStep === 'pause');
    assert.deepEqual(aborted, ['h']);
    assert.equal(engine.read.humanTasks({ executionId: execution.id, limit: 1 })[0]?.state, 'cancelled');
    assert.equal(engine.read.execution(execution.id)?.status, 'running');
    await engine.close(0);
    await using again = await openEngine(dir, functions, { race: body });
    assert.equal((await untilStatus(again, execution.id, 'completed')).output, 'won');
    assert.deepEqual(
      [...runs.entries()],
      [
        ['h', 1],
        ['w', 1],
        ['after', 1],
      ],
    );
  });

  it('fails with the first failure and gives the rest up', async () => {
    const { functions, aborted } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      fork: `
do:
  - both: { fork: { branches: [{ bad: { call: fail, with: { id: f, times: 9 } } }, { hangs: { call: hang, with: { id: h } } }] } }`,
    });
    const { execution } = await startOne(engine, 'fork');
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.match(JSON.stringify(failed.error), /failed 1.*\/do\/0\/both\/fork\/branches\/0\/bad/);
    assert.deepEqual(aborted, ['h']);
  });

  it('answers several open questions in any order', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      fork: `
do:
  - both:
      fork:
        branches:
          - one: { call: accept, with: { title: One?, doc_type: d, subject: 1 } }
          - two: { call: accept, with: { title: Two?, doc_type: d, subject: 2 } }
  - last: { set: { by: '\${ [.[].answered_by] }' } }`,
    });
    const { execution } = await startOne(engine, 'fork');
    await until(
      engine,
      execution.id,
      () => engine.read.humanTasks({ executionId: execution.id, state: 'open', limit: 5 }).length === 2,
    );
    const answer = { kind: 'acceptance', accepted: true } as const;
    await assert.rejects(engine.answer({ executionId: execution.id }, answer, { answerId: '0', answeredBy: 'cyd' }), {
      code: 'CONFLICT',
    });
    await engine.answer({ executionId: execution.id, step: 'two' }, answer, { answerId: '1', answeredBy: 'bob' });
    assert.equal(engine.read.execution(execution.id)?.status, 'waiting_acceptance');
    await engine.answer({ executionId: execution.id, step: 'one' }, answer, { answerId: '2', answeredBy: 'ann' });
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { by: ['ann', 'bob'] });
  });
});

describe('emit', () => {
  it('gives a CloudEvent and records it once', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      emit: `
do:
  - tell: { emit: { event: { with: { source: 'https://example.com', type: greeted.v1, data: { name: '\${ .name }' } } } } }
  - nap: { wait: { milliseconds: 10 } }`,
    });
    const { execution } = await startOne(engine, 'emit', { name: 'ann' });
    const done = await untilStatus(engine, execution.id, 'completed');
    const event = done.output as Record<string, unknown>;
    assert.deepEqual([event['specversion'], event['type'], event['data']], ['1.0', 'greeted.v1', { name: 'ann' }]);
    assert.match(String(event['id']), /^[0-9a-f-]{36}$/);
    const emitted = engine.read.events(execution.id, 0, 100).filter(({ type }) => type === 'event_emitted');
    assert.deepEqual(
      emitted.map(({ data }) => data),
      [event],
    );
  });
});
