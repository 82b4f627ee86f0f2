import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadDefinition } from '../definition/load-definition.ts';
import { journalDir } from '../embedded/engine-fixture.ts';
import type { Engine } from '../embedded/engine.ts';
import type { Execution } from '../execution/execution.ts';
import { ManualClock, RefusingStore, Steps, limitedDocument, openLimited, settled } from './limits-fixture.ts';

const ID = 'e1';
const MINUTE = 60_000;
const WORKS = `do: [{ one: { call: work, with: { id: one } } }, { two: { call: use, with: { id: two } } }]`;
const ASKS = `
do:
  - ask: { call: accept, with: { title: Take it?, doc_type: version, subject: x } }
  - two: { call: use, with: { id: two } }`;
const NAPS = `do: [{ nap: { wait: { minutes: 3 } } }, { two: { call: use, with: { id: two } } }]`;

const start = (engine: Engine, seconds: number, workflow = 'w', executionId = ID): Promise<unknown> =>
  engine.start({
    executionId,
    workflow,
    projectId: 'p',
    input: {},
    startedBy: 'ann',
    budgets: { wall_seconds: seconds },
  });
const rowOf = (engine: Engine, id = ID): Execution => engine.read.execution(id) as Execution;
const reaches = (engine: Engine, status: Execution['status'], id = ID): Promise<void> =>
  settled(
    () => engine.read.status(id) === status,
    () => engine.read.events(id, 0, 100),
  );
const typesOf = (engine: Engine, id = ID): string[] => engine.read.events(id, 0, 100).map(({ type }) => type);

describe('a budget of wall time', () => {
  it('pauses when it is used up while a step is under way, which ends and is recorded; nothing else begins', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: WORKS } });
    await start(engine, 60);
    await settled(() => steps.underWay.length === 1);
    clock.pass(59_999);
    assert.equal(engine.read.status(ID), 'running');
    clock.pass(1);
    await reaches(engine, 'paused');
    assert.deepEqual(steps.underWay, ['one'], 'it is not aborted');
    const [question] = engine.read.humanTasks({ executionId: ID, state: 'open', limit: 10 });
    assert.match(question?.key ?? '', /wall_seconds/);
    clock.pass(10 * MINUTE);
    steps.end();
    await settled(() => typesOf(engine).includes('step_completed'));
    assert.equal(engine.budget(rowOf(engine))?.used.wall_seconds, 60, 'a pause stops the clock');
    assert.deepEqual(typesOf(engine).slice(1), ['step_started', 'budget_reached', 'paused', 'step_completed']);
    await engine.answer(
      { taskId: question?.id ?? '' },
      { kind: 'clarification', answers: { MORE: 30 } },
      { answerId: 'a', answeredBy: 'bob' },
    );
    await reaches(engine, 'completed');
    assert.deepEqual(steps.began, ['one', 'two']);
    assert.equal(engine.read.nextDue(), undefined, 'what has ended is never due');
  });

  it('pauses while a person or a timer is waited for; the question can be answered, and the timer goes on with its rest', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { asks: ASKS, naps: NAPS } });
    await start(engine, 60, 'asks');
    await start(engine, 60, 'naps', 'e2');
    await settled(() => engine.read.humanTasks({ executionId: ID, limit: 10 }).length === 1);
    await settled(() => typesOf(engine, 'e2').includes('timer_started'));
    clock.pass(MINUTE);
    await reaches(engine, 'paused');
    await reaches(engine, 'paused', 'e2');
    clock.pass(60 * MINUTE);
    await engine.answer(
      { executionId: ID, step: 'ask' },
      { kind: 'acceptance', accepted: true },
      { answerId: 'a', answeredBy: 'bob' },
    );
    assert.deepEqual(steps.began, []);
    for (const id of [ID, 'e2']) await engine.addBudget(id, { wall_seconds: 600 }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
    clock.pass(2 * MINUTE - 1);
    assert.equal(engine.read.status('e2'), 'running');
    clock.pass(1);
    await reaches(engine, 'completed', 'e2');
  });

  it('is used up for an execution of which nothing is in memory, and by the time when no process ran', async () => {
    const [dir, clock, steps] = [journalDir(), new ManualClock(), new Steps()];
    const bodies = { w: ASKS };
    {
      await using engine = await openLimited(dir, { clock, steps, bodies });
      await start(engine, 60);
      await settled(() => engine.read.unfinished().length === 0);
    }
    clock.pass(30_000);
    {
      await using engine = await openLimited(dir, { clock, steps, bodies });
      assert.equal(engine.read.status(ID), 'waiting_acceptance');
    }
    clock.pass(30_000);
    await using engine = await openLimited(dir, { clock, steps, bodies });
    clock.pass(0);
    await reaches(engine, 'paused');
    assert.equal(engine.budget(rowOf(engine))?.reached, 'wall_seconds');
  });

  it('is that of the one which waits for it too, and pauses both', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const outer = `do: [{ inner: { run: { workflow: { namespace: test, name: w, version: '1.0.0' } } } }]`;
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: WORKS, outer } });
    await start(engine, 60, 'outer');
    await settled(() => steps.underWay.length === 1);
    const [child = ''] = engine.read.children(ID);
    clock.pass(MINUTE);
    await reaches(engine, 'paused');
    assert.equal(engine.read.status(child), 'paused');
    steps.end();
    await settled(() => typesOf(engine, child).includes('step_completed'));
    assert.deepEqual(steps.began, ['one']);
    await engine.addBudget(ID, { wall_seconds: 60 }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
  });

  it('keeps an execution paused when the one that waits for it goes on, until it has more of its own', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const outer = `do: [{ inner: { run: { workflow: { namespace: test, name: w, version: '1.0.0' } } } }]`;
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { outer } });
    const inner = limitedDocument('w', '{ budgets: { wall_seconds: 60 } }', NAPS);
    await engine.register(loadDefinition(inner, engine.functions));
    await start(engine, 600, 'outer');
    await settled(() => engine.read.children(ID).some((id) => typesOf(engine, id).includes('timer_started')));
    const [child = ''] = engine.read.children(ID);
    clock.pass(MINUTE);
    await reaches(engine, 'paused', child);
    await engine.pause(ID, 'ann');
    await engine.resume(ID, 'ann');
    assert.deepEqual([engine.read.status(ID), engine.read.status(child)], ['running', 'paused']);
    assert.deepEqual(engine.budget(rowOf(engine, child))?.reached, 'wall_seconds');
    await engine.addBudget(child, { wall_seconds: 600 }, { who: 'bob', additionId: '1' });
    clock.pass(2 * MINUTE);
    await reaches(engine, 'completed');
  });

  it('stands still in a queue, and is longer when somebody adds to it before it is used up', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, limits: { executions: 1 }, bodies: { w: WORKS } });
    await start(engine, 60, 'w', 'first');
    await settled(() => steps.underWay.length === 1);
    await start(engine, 60);
    clock.pass(30_000);
    await engine.addBudget('first', { wall_seconds: 3600 }, { who: 'bob', additionId: '1' });
    clock.pass(30 * MINUTE);
    assert.deepEqual([engine.read.status('first'), engine.read.status(ID)], ['running', 'pending']);
    steps.end();
    await reaches(engine, 'completed', 'first');
    await settled(() => steps.underWay.length === 1);
    clock.pass(59_999);
    assert.equal(engine.read.status(ID), 'running');
    clock.pass(1);
    await reaches(engine, 'paused');
  });

  it('stops the timers that are due in the same instant', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const body = `do: [{ part: { timeout: { after: { minutes: 1 } }, do: [{ one: { call: work, with: { id: one } } }] } }]`;
    await using engine = await openLimited(journalDir(), { clock, steps, bodies: { w: body } });
    await start(engine, 60);
    await settled(() => steps.underWay.length === 1);
    clock.pass(MINUTE);
    await reaches(engine, 'paused');
    assert.deepEqual(typesOf(engine).slice(-2), ['budget_reached', 'paused']);
    steps.end();
    await engine.addBudget(ID, { wall_seconds: 60 }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
  });

  it('holds when the store commits the pause and says that it did not', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    let store: RefusingStore | undefined;
    await using engine = await openLimited(journalDir(), {
      clock,
      steps,
      bodies: { w: WORKS },
      openStore: (options) => (store = new RefusingStore(options)),
    });
    await start(engine, 60);
    await settled(() => steps.underWay.length === 1);
    store?.plan('lose', 0);
    clock.pass(MINUTE);
    await reaches(engine, 'paused');
    steps.end();
    await settled(() => typesOf(engine).includes('step_completed'));
    for (let turn = 0; turn < 50; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    assert.deepEqual(steps.began, ['one']);
    await engine.addBudget(ID, { wall_seconds: 60 }, { who: 'bob', additionId: '1' });
    await reaches(engine, 'completed');
  });
});
