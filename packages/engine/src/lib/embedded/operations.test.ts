import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import type { Execution, JournalEntry } from '../execution/execution.ts';
import { restartRecordIn } from '../operation/restart-record.ts';
import type { Engine } from './engine.ts';
import { countingFunctions, documentOf, journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

const FLOW = `
do:
  - first: { call: note, with: { id: first, value: { n: 1 } } }
  - double: { set: { n: '\${ .n * 2 }' } }
  - second: { call: note, with: { id: second, value: { n: '\${ .n + 1 }' } } }
  - third: { call: note, with: { id: third, value: { n: '\${ .n * 10 }' } } }`;

const restart = (
  engine: Engine,
  executionId: string,
  more: { from?: string; input?: object; newId?: string },
): Promise<{ created: boolean; execution: Execution }> =>
  engine.operations.restart({
    executionId,
    newId: more.newId ?? crypto.randomUUID(),
    from: more.from,
    input: more.input === undefined ? undefined : { ...more.input },
    startedBy: 'ann',
  });

const sharedBy = (journal: readonly JournalEntry[]): string[] => (restartRecordIn(journal)?.shared ?? []).toSorted();

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PlatformError, String(error));
  return error.code;
}

describe('Operations.restart', () => {
  it('shares what was recorded before the task, and does the rest again', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { flow: FLOW });
    const { execution: source } = await startOne(engine, 'flow');
    assert.deepEqual((await untilStatus(engine, source.id, 'completed')).output, { n: 30 });
    const { created, execution } = await restart(engine, source.id, { from: 'second' });
    assert.ok(created);
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { n: 30 });
    assert.deepEqual([runs.get('first'), runs.get('second'), runs.get('third')], [1, 2, 2]);
    const journal = engine.read.journal(execution.id);
    assert.deepEqual(sharedBy(journal), ['first']);
    assert.deepEqual(restartRecordIn(journal)?.task, 'second');
    assert.deepEqual(engine.read.completedSteps(execution.id), ['first', 'second', 'third']);
    const [begun, taken] = engine.read.events(execution.id, 0, 100);
    assert.deepEqual(begun?.data['restarted_from'], { execution_id: source.id, task: 'second', key: 'second', shared: 1 });
    assert.deepEqual(taken?.data, { key: 'first', shared: true });
  });

  it('gives the task another input, also to one that records nothing, after a crash, and in a restart of the restart', async () => {
    const { functions, runs } = countingFunctions();
    const dir = journalDir();
    let id = '';
    {
      await using engine = await openEngine(dir, functions, { flow: `${FLOW}\n  - last: { wait: { hours: 1 } }` });
      const { execution: source } = await startOne(engine, 'flow');
      await until(engine, source.id, ({ currentStep }) => currentStep === 'last');
      await engine.cancel(source.id, { who: 'ann', reason: null });
      id = (await restart(engine, source.id, { from: 'double', input: { n: 7 } })).execution.id;
      await until(engine, id, ({ currentStep }) => currentStep === 'last');
    }
    await using engine = await openEngine(dir, functions, {});
    assert.deepEqual(engine.read.entry(id, 'third')?.value, { n: 150 });
    await engine.cancel(id, { who: 'ann', reason: null });
    const { execution: again } = await restart(engine, id, { from: 'third' });
    await until(engine, again.id, ({ currentStep }) => currentStep === 'last');
    assert.deepEqual(engine.read.entry(again.id, 'third')?.value, { n: 150 });
    assert.deepEqual([runs.get('first'), runs.get('second'), runs.get('third')], [1, 2, 3]);
  });

  it('begins a whole workflow again with another input', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      flow: `input: { schema: { document: { type: object, required: [n] } } }\ndo: [{ one: { set: { got: '\${ .n }' } } }]`,
    });
    const { execution: source } = await startOne(engine, 'flow', { n: 1 });
    await untilStatus(engine, source.id, 'completed');
    assert.equal(await codeOf(restart(engine, source.id, { input: { m: 1 } })), 'VALIDATION_ERROR');
    const { execution } = await restart(engine, source.id, { input: { n: 5 } });
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { got: 5 });
  });

  it('begins again at a visit by its key, in loops and in the branch that lost', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      loops: `
do:
  - each:
      for: { in: '\${ .items }', each: item }
      do: [{ work: { call: note, with: { id: '\${ "work-\\($item)" }', value: '\${ $item }' } } }]
  - race:
      fork:
        compete: true
        branches:
          - quick: { call: note, with: { id: quick } }
          - slow: { do: [{ before: { call: hang, with: { id: slow } } }] }
  - last: { set: done }`,
    });
    const { execution: source } = await startOne(engine, 'loops', { items: [1, 2, 3] });
    await untilStatus(engine, source.id, 'completed');
    const { execution: second } = await restart(engine, source.id, { from: 'each@for-1/work' });
    await untilStatus(engine, second.id, 'completed');
    assert.deepEqual(sharedBy(engine.read.journal(second.id)), ['each@for-0/work']);
    assert.deepEqual([runs.get('work-1'), runs.get('work-2'), runs.get('work-3'), runs.get('quick')], [1, 2, 2, 2]);
    const { execution: third } = await restart(engine, source.id, { from: 'slow' });
    await untilStatus(engine, third.id, 'completed');
    assert.ok(sharedBy(engine.read.journal(third.id)).every((key) => !key.startsWith('race@decided')));
    assert.equal(runs.get('work-3'), 2);
  });

  it('is one execution for one id, and refuses what it cannot do', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      flow: FLOW,
      hold: 'do: [{ work: { call: hang, with: { id: w } } }]',
    });
    const { execution: source } = await startOne(engine, 'flow');
    await untilStatus(engine, source.id, 'completed');
    const newId = crypto.randomUUID();
    assert.ok((await restart(engine, source.id, { from: 'second', newId })).created);
    assert.ok(!(await restart(engine, source.id, { from: 'second', newId })).created);
    assert.equal(await codeOf(restart(engine, source.id, { from: 'third', newId })), 'IDEMPOTENCY_CONFLICT');
    assert.equal(await codeOf(restart(engine, source.id, { from: 'nowhere' })), 'STEP_NOT_FOUND');
    assert.equal(await codeOf(restart(engine, 'nobody', {})), 'EXECUTION_NOT_FOUND');
    const { execution: going } = await startOne(engine, 'hold');
    assert.equal(await codeOf(restart(engine, going.id, {})), 'INVALID_STATE');
    assert.equal(await codeOf(engine.operations.retry({ executionId: source.id, newId: 'r', startedBy: 'a' })), 'INVALID_STATE');
  });
});

describe('a restart from anywhere', () => {
  it('ends as its source did, and never does again what it shares', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      all: `
do:
  - start: { call: note, with: { id: start, value: { sum: 1 } }, export: { as: '\${ { first: .sum } }' } }
  - each: { for: { in: '\${ [1, 2, 3] }', each: n }, do: [{ add: { set: { sum: '\${ .sum + $n }' } }, }, { keep: { call: note, with: { id: '\${ "keep-\\($n)" }', value: '\${ . }' } } }] }
  - both:
      fork:
        branches:
          - left: { do: [{ l1: { call: note, with: { id: l1, value: '\${ .sum }' } } }, { l2: { wait: { milliseconds: 1 } } }, { l3: { call: note, with: { id: l3, value: '\${ . + 1 }' } } }] }
          - right: { timeout: { after: { hours: 1 } }, do: [{ r1: { call: note, with: { id: r1, value: '\${ .sum * 2 }' } } }, { r2: { set: { r: '\${ . }' } } }] }
  - guarded:
      try: [{ before: { call: note, with: { id: before, value: '\${ . }' } } }, { risky: { call: fail, with: { id: risky, times: 1 } } }]
      catch: { retry: { delay: { milliseconds: 1 }, limit: { attempt: { count: 2 } } } }
  - timed: { try: [{ slow: { timeout: { after: { milliseconds: 5 } }, wait: { hours: 1 } } }], catch: { do: [{ late: { call: note, with: { id: late, value: late } } }] } }
  - last: { set: { late: '\${ . }', first: '\${ $context.first }' } }`,
    });
    const { execution: source } = await startOne(engine, 'all');
    const { output } = await untilStatus(engine, source.id, 'completed');
    const steps = engine.read.journal(source.id).filter(({ kind }) => kind === 'step');
    const names = 'start each add keep both left l1 l2 l3 right r1 r2 guarded before risky timed slow late last'.split(' ');
    for (const from of [...names, ...steps.map(({ key }) => key)]) {
      const before = new Map(runs);
      const { execution } = await restart(engine, source.id, { from });
      assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, output, from);
      const journal = engine.read.journal(execution.id);
      const shared = new Set(restartRecordIn(journal)?.shared);
      const doneAgain = journal.filter(({ kind, key }) => kind === 'step' && !shared.has(key)).length;
      const counted = [...runs].reduce((sum, [id, count]) => sum + count - (before.get(id) ?? 0), 0);
      assert.equal(counted, doneAgain, from);
    }
  });
});

describe('Operations.retry', () => {
  it('does the failed task again and nothing that was done, branches included', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      flow: `
do:
  - first: { call: note, with: { id: first } }
  - both:
      fork:
        branches:
          - good: { call: note, with: { id: good } }
          - bad: { do: [{ early: { call: note, with: { id: early } } }, { late: { wait: { milliseconds: 30 } } }, { broken: { call: fail, with: { id: broken, times: 1 } } }] }
  - last: { call: note, with: { id: last, value: { ended: true } } }`,
    });
    const { execution: source } = await startOne(engine, 'flow');
    await untilStatus(engine, source.id, 'failed');
    assert.match(engine.operations.why(engine.read.execution(source.id) ?? source).unblock ?? '', /\/retry$/);
    const { execution } = await engine.operations.retry({ executionId: source.id, newId: 'again', startedBy: 'ann' });
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { ended: true });
    const counts = ['first', 'good', 'early', 'broken', 'last'].map((id) => runs.get(id));
    assert.deepEqual(counts, [1, 1, 1, 2, 1]);
    assert.equal(restartRecordIn(engine.read.journal('again'))?.task, 'broken');
  });

  it('begins anew when the time of the whole workflow was over', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      flow: `timeout: { after: { milliseconds: 300 } }\ndo: [{ first: { call: note, with: { id: first } } }, { work: { call: hang, with: { id: work } } }]`,
    });
    const { execution: source } = await startOne(engine, 'flow');
    await untilStatus(engine, source.id, 'failed');
    await engine.operations.retry({ executionId: source.id, newId: 'again', startedBy: 'ann' });
    await untilStatus(engine, 'again', 'failed');
    assert.equal(runs.get('first'), 2);
  });
});

const ASKING = (before: string, after: string, title = 'Go on?'): string => `
do:
  - first: { call: note, with: { id: first, value: { n: 1 } } }
${before}
  - ask: { call: accept, with: { title: '${title}', doc_type: d, subject: null } }
${after}`;

describe('executions that run others', () => {
  it('share what those gave, and begin again without whoever ran them', async () => {
    const { functions, runs } = countingFunctions();
    const inner = { namespace: 'test', name: 'inner', version: 'latest' };
    await using engine = await openEngine(journalDir(), functions, {
      inner: 'do: [{ work: { call: note, with: { id: inner, value: { from: inner } } } }]',
      outer: `
do:
  - nested: { run: { workflow: ${JSON.stringify(inner)} } }
  - broken: { call: fail, with: { id: broken, times: 1 } }
  - again: { run: { workflow: ${JSON.stringify(inner)} } }`,
    });
    const { execution: source } = await startOne(engine, 'outer');
    await untilStatus(engine, source.id, 'failed');
    await engine.operations.retry({ executionId: source.id, newId: 'retried', startedBy: 'ann' });
    assert.deepEqual((await untilStatus(engine, 'retried', 'completed')).output, { from: 'inner' });
    assert.equal(runs.get('inner'), 2);
    const [child] = engine.read.children('retried');
    const { execution: alone } = await restart(engine, child ?? '', {});
    assert.equal((await untilStatus(engine, alone.id, 'completed')).parent, null);
    assert.deepEqual(engine.read.events('retried', 0, 100).at(-1)?.type, 'completed');
  });
});

describe('Operations.move', () => {
  const AFTER = '  - last: { set: { moved: true } }';

  it('goes on under another definition that fits, and says so', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { flow: ASKING('', '') });
    const { execution } = await startOne(engine, 'flow');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const next = loadDefinition(documentOf('flow', ASKING('  - harmless: { set: { n: 2 } }', AFTER)), engine.functions);
    await engine.register(next);
    const before = engine.operations.versions('flow');
    assert.deepEqual(
      before.map(({ current, counts }) => [current, counts]).toSorted(([left], [right]) => Number(left) - Number(right)),
      [
        [false, { waiting_acceptance: 1 }],
        [true, {}],
      ],
    );
    assert.deepEqual(await engine.operations.rehearseMove(execution.id, next.digest), {
      compatible: true,
      matched: 2,
      divergesAt: null,
    });
    assert.equal((await engine.operations.move(execution.id, next.digest, 'ann')).definitionDigest, next.digest);
    await engine.answer(
      { executionId: execution.id },
      { kind: 'acceptance', accepted: true },
      { answerId: 'a', answeredBy: 'b' },
    );
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { moved: true });
    assert.equal(runs.get('first'), 1);
    const moved = engine.read.events(execution.id, 0, 100).find(({ type }) => type === 'moved');
    assert.equal(moved?.data['moved_by'], 'ann');
  });

  it('names the key at which another definition would part, and changes nothing', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { flow: ASKING('', '') });
    const { execution } = await startOne(engine, 'flow');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const bodies: [string, string, RegExp][] = [
      [ASKING('  - extra: { call: note, with: { id: extra } }', AFTER), 'ask', /does not come/],
      [ASKING('', AFTER, 'Really?'), 'ask', /asks for something else/],
      [
        ASKING('', AFTER).replace('first: { call: note, with: { id: first, value: { n: 1 } } }', 'first: { wait: { hours: 1 } }'),
        'first',
        /recorded as "step".* "sleep"/,
      ],
      [
        `do: [{ first: { call: note, with: { id: first } } }, { no: { raise: { error: { type: x, status: 400 } } } }]`,
        'ask',
        /does not come/,
      ],
    ];
    for (const [body, key, reason] of bodies) {
      const other = loadDefinition(documentOf('flow', body), engine.functions);
      await engine.register(other);
      const { compatible, divergesAt } = await engine.operations.rehearseMove(execution.id, other.digest);
      assert.equal(compatible, false);
      assert.equal(divergesAt?.key, key);
      assert.match(divergesAt?.reason ?? '', reason);
      assert.equal(await codeOf(engine.operations.move(execution.id, other.digest, 'ann')), 'INVALID_STATE');
    }
    assert.equal(engine.read.execution(execution.id)?.definitionDigest, execution.definitionDigest);
    assert.equal(runs.get('extra'), undefined);
    assert.equal(await codeOf(engine.operations.move(execution.id, 'unknown', 'ann')), 'WORKFLOW_NOT_FOUND');
  });

  it('waits for the step under way: refuses to move while one runs', async () => {
    const { functions, aborted } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, { hold: 'do: [{ work: { call: hang, with: { id: w } } }]' });
    const { execution } = await startOne(engine, 'hold');
    await until(engine, execution.id, ({ currentStep }) => currentStep === 'work');
    const next = loadDefinition(
      documentOf('hold', 'do: [{ work: { call: hang, with: { id: w } } }, { b: { set: 1 } }]'.replace('set: 1', 'set: { a: 1 }')),
      engine.functions,
    );
    await engine.register(next);
    assert.equal(await codeOf(engine.operations.move(execution.id, next.digest, 'ann')), 'INVALID_STATE');
    assert.deepEqual(aborted, []);
  });
});

describe('Operations.progress', () => {
  it('says of each task how it stands', async () => {
    const { functions } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      flow: `
do:
  - first: { call: note, with: { id: first, value: { way: left } } }
  - choose: { switch: [{ l: { when: '.way == "left"', then: left } }, { r: { then: right } }] }
  - right: { call: note, with: { id: right } }
  - left: { try: [{ risky: { call: fail, with: { id: risky, times: 9 } } }], catch: { do: [{ mend: { set: { ok: true } } }] } }
  - ask: { call: accept, with: { title: t, doc_type: d, subject: null } }
  - last: { set: { over: true } }`,
    });
    const { execution } = await startOne(engine, 'flow');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const { progress } = await engine.operations.progress(execution.id);
    const byName = Object.fromEntries([...progress].map(([pointer, status]) => [pointer.split('/').at(-1), status]));
    assert.deepEqual(byName, {
      first: 'done',
      choose: 'done',
      right: 'skipped',
      left: 'done',
      risky: 'failed',
      mend: 'done',
      ask: 'waiting',
    });
  });
});
