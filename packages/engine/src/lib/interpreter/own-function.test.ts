import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';

describe('functions of a definition', () => {
  it('run on their arguments, each call on its own record, and see nothing else', async () => {
    const { functions, runs } = countingFunctions();
    const body = `
use:
  functions:
    double:
      input: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }
      do:
        - keep: { call: note, with: { id: '\${ "d\\(.n)" }', value: '\${ .n * 2 }' }, export: { as: '\${ { mine: . } }' } }
        - give: { set: { n: '\${ . }', context: '\${ $context }', name: '\${ $task.reference }' }, then: end }
    again: { call: double, with: { n: '\${ .n + 1 }' } }
do:
  - a: { call: double, with: { n: '\${ .start }' }, export: { as: '\${ { from: "caller" } }' } }
  - b: { call: again, with: { n: '\${ .n }' }, output: { as: '\${ { n: .n, context: .context, outside: $context } }' } }`;
    await using engine = await openEngine(journalDir(), functions, { own: body });
    const { execution } = await startOne(engine, 'own', { start: 4 });
    const { output } = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(output, { n: 18, context: { mine: 18 }, outside: { from: 'caller' } });
    assert.deepEqual([...runs.keys()], ['d4', 'd9']);
  });

  it('refuse arguments that do not fit, and say where', async () => {
    const body = `
use: { functions: { f: { input: { schema: { document: { type: object, required: [n] } } }, set: { done: true } } } }
do: [{ a: { call: f, with: { m: 1 } } }]`;
    await using engine = await openEngine(journalDir(), {}, { own: body });
    const { execution } = await startOne(engine, 'own');
    const { error } = await untilStatus(engine, execution.id, 'failed');
    assert.match(JSON.stringify(error), /errors\/validation.*\/use\/functions\/f/);
  });

  it('can ask people, also when the answer comes before the question', async () => {
    const body = `
use: { functions: { ask: { do: [{ boss: { call: accept, with: { title: 'Do it?', doc_type: t, subject: '\${ . }' } } }] } } }
do:
  - first: { call: accept, with: { title: First, doc_type: t, subject: 1 } }
  - second: { call: ask, with: { n: 1 }, output: { as: '\${ { by: .answered_by } }' } }`;
    await using engine = await openEngine(journalDir(), {}, { own: body });
    const { execution } = await startOne(engine, 'own');
    const executionId = execution.id;
    await until(engine, executionId, () => engine.read.humanTasks({ state: 'open', limit: 1 }).length === 1);
    const yes = { kind: 'acceptance', accepted: true } as const;
    assert.equal(
      (await engine.answer({ executionId, step: 'boss' }, yes, { answerId: 'b', answeredBy: 'bob' })).state,
      'buffered',
    );
    await engine.answer({ executionId, step: 'first' }, yes, { answerId: 'a', answeredBy: 'ann' });
    assert.deepEqual((await untilStatus(engine, executionId, 'completed')).output, { by: 'bob' });
  });
});
