import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countingFunctions, journalDir, openEngine, startOne, untilStatus } from '../embedded/engine-fixture.ts';

describe('extensions', () => {
  it('run before and after the tasks of their kind and leave the data as it is', async () => {
    const { functions, runs } = countingFunctions();
    const body = `
use:
  extensions:
    - outer:
        extend: all
        before: [{ log: { call: note, with: { id: '\${ "before \\($task.name) \\(.n)" }' } } }]
        after: [{ log: { call: note, with: { id: '\${ "after \\($task.name) \\(.n)" }' } } }]
    - inner:
        extend: composite
        after: [{ log: { call: note, with: { id: 'inner' } } }]
do:
  - a: { do: [{ b: { set: { n: '\${ .n + 1 }' } } }] }`;
    await using engine = await openEngine(journalDir(), functions, { extended: body });
    const { execution } = await startOne(engine, 'extended', { n: 1 });
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { n: 2 });
    assert.deepEqual([...runs.keys()], ['before a 1', 'before b 1', 'after b 2', 'inner', 'after a 2']);
  });

  it('take the place of a task by exit, where their condition holds', async () => {
    const { functions, runs } = countingFunctions();
    const body = `
use:
  extensions:
    - mock:
        extend: call
        when: '$task.call == "note" and ($task.with.id | startswith("x"))'
        before:
          - answer: { set: { mocked: true, input: '\${ . }' }, then: exit }
do:
  - a: { call: note, with: { id: x1 }, output: { as: '\${ { a: . } }' }, then: c }
  - b: { call: note, with: { id: x2 } }
  - c: { switch: [{ again: { when: .never, then: b } }, { on: { then: d } }] }
  - d: { call: note, with: { id: y1 }, output: { as: '\${ { c: . } + $input }' } }`;
    await using engine = await openEngine(journalDir(), functions, { mocked: body });
    const { execution } = await startOne(engine, 'mocked', { n: 1 });
    const { output } = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(output, { a: { mocked: true, input: { n: 1 } }, c: { noted: 'y1' } });
    assert.deepEqual([...runs.keys()], ['y1']);
  });
});
