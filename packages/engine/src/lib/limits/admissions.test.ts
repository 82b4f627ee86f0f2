import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError, seededRandom } from '@loopwright/protocol';
import fc from 'fast-check';
import { journalDir, pointersOf } from '../embedded/engine-fixture.ts';
import type { Engine } from '../embedded/engine.ts';
import { type ExecutionStatus, isFinal } from '../execution/execution.ts';
import { explain } from '../execution/why.ts';
import { loadDefinition } from '../definition/load-definition.ts';
import { ManualClock, RefusingStore, Steps, limitedDocument, openLimited, settled } from './limits-fixture.ts';

const WORK = `do: [{ one: { call: work, with: { id: '\${ .id }' } } }]`;
const ASK = `
do:
  - ask: { call: accept, with: { title: Go on?, doc_type: d, subject: 1 } }
  - one: { call: work, with: { id: '\${ $workflow.input.id }' } }`;

interface Given {
  readonly workflow?: string;
  readonly priority?: number;
  readonly customer?: string;
}

const start = (engine: Engine, id: string, { workflow = 'w', priority, customer = 'c' }: Given = {}): Promise<unknown> =>
  engine.start({
    executionId: id,
    workflow,
    projectId: 'p',
    input: { id, customer },
    startedBy: 'ann',
    ...(priority === undefined ? {} : { priority }),
  });
const statusOf = (engine: Engine, id: string): ExecutionStatus | undefined => engine.read.status(id);
const accept = (engine: Engine, executionId: string): Promise<unknown> =>
  engine.answer(
    { executionId, step: 'ask' },
    { kind: 'acceptance', accepted: true },
    { answerId: `a-${executionId}`, answeredBy: 'bob' },
  );

/** Waits until a step is under way; gives its name. */
async function began(steps: Steps, id: string): Promise<string> {
  await settled(
    () => steps.underWay.includes(id),
    () => [id, steps.underWay],
  );
  return id;
}

/** Lets every step end, one after the other, until the executions have ended. */
async function workOff(engine: Engine, steps: Steps, ids: readonly string[]): Promise<void> {
  await settled(
    () => {
      steps.end();
      return ids.every((id) => isFinal(statusOf(engine, id) ?? 'running'));
    },
    () => ids.map((id) => [id, statusOf(engine, id)]),
  );
}

describe('Engine admissions', () => {
  it('lets only as many run as a workflow allows, the important ones first, and says who stands where', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { w: limitedDocument('w', '{ concurrency: { limit: 2 } }', WORK) };
    await using engine = await openLimited(journalDir(), { clock, steps, bodies });
    for (const id of ['a', 'b', 'c', 'd']) await start(engine, id);
    await start(engine, 'e', { priority: 9 });
    await settled(() => steps.began.length === 2);
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e'].map((id) => statusOf(engine, id)),
      ['running', 'running', 'pending', 'pending', 'pending'],
    );
    const execution = engine.read.execution('d');
    assert.ok(execution !== undefined);
    const why = explain(engine.read, execution, clock);
    assert.match(why.sentence, /number 3 of 3 in the queue of "w"/);
    await workOff(engine, steps, ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual([steps.began, steps.most], [['a', 'b', 'e', 'c', 'd'], 2]);
    const types = engine.read.events('c', 0, 100).map(({ type }) => type);
    assert.deepEqual(types.slice(0, 4), ['execution_started', 'execution_queued', 'execution_admitted', 'step_started']);
  });

  it('lets only as many run as a key allows, and does not let a full key keep the others', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { w: limitedDocument('w', `{ concurrency: { key: '\${ .customer }' } }`, WORK) };
    await using engine = await openLimited(journalDir(), { clock, steps, bodies });
    for (const id of ['a1', 'a2', 'a3']) await start(engine, id, { customer: 'a' });
    await start(engine, 'b1', { customer: 'b' });
    await settled(() => steps.began.length === 2);
    assert.deepEqual(steps.began, ['a1', 'b1']);
    steps.end('a1');
    await settled(() => steps.began.length === 3);
    assert.deepEqual([steps.began[2], steps.underWay], ['a2', ['b1', 'a2']]);
    await workOff(engine, steps, ['a1', 'a2', 'a3', 'b1']);
  });

  it('finds those that may run behind hundreds of one full key', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { w: limitedDocument('w', `{ concurrency: { limit: 4, key: '\${ .customer }' } }`, WORK) };
    await using engine = await openLimited(journalDir(), { clock, steps, limits: { executions: 3 }, bodies });
    const hot = Array.from({ length: 600 }, (_, n) => `hot${n}`);
    const others = ['x', 'y', 'z'].flatMap((customer) => [`${customer}1`, `${customer}2`]);
    await start(engine, 'first', { customer: 'f' });
    await start(engine, 'second', { customer: 's' });
    await Promise.all(hot.map((id) => start(engine, id, { customer: 'hot' })));
    for (const id of others) await start(engine, id, { customer: id[0] ?? '' });
    await settled(() => steps.underWay.length === 3);
    for (const id of ['first', 'second', 'x1', 'y1', 'x2', 'z1', 'y2']) steps.end(await began(steps, id));
    await settled(() => steps.underWay.includes('z2'));
    assert.deepEqual(steps.began.slice(0, 3), ['first', 'second', 'hot0']);
    assert.equal(steps.began.filter((id) => id.startsWith('hot')).length, 1, 'its key is full');
  });

  it('gives the slot of a parked execution to others, and takes one again when it is woken', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { w: limitedDocument('w', '{ concurrency: { limit: 1 } }', ASK) };
    await using engine = await openLimited(journalDir(), { clock, steps, bodies });
    for (const id of ['a', 'b', 'c']) await start(engine, id);
    await settled(() => ['a', 'b', 'c'].every((id) => statusOf(engine, id) === 'waiting_acceptance'));
    await Promise.all(['c', 'b', 'a'].map((id) => accept(engine, id)));
    await settled(
      () => steps.underWay.length === 1 && ['a', 'b', 'c'].filter((id) => statusOf(engine, id) === 'pending').length === 2,
    );
    await workOff(engine, steps, ['a', 'b', 'c']);
    assert.equal(steps.most, 1);
  });

  it('lets a parked execution hold its slot where the definition says so, after a restart too', async () => {
    const [dir, clock, steps] = [journalDir(), new ManualClock(), new Steps()];
    const bodies = { w: limitedDocument('w', '{ concurrency: { limit: 1, parked: hold } }', ASK) };
    {
      await using engine = await openLimited(dir, { clock, steps, bodies });
      await start(engine, 'a');
      await start(engine, 'b');
      await settled(() => statusOf(engine, 'a') === 'waiting_acceptance');
      assert.equal(statusOf(engine, 'b'), 'pending');
    }
    await using engine = await openLimited(dir, { clock, steps, bodies });
    await start(engine, 'c');
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
    assert.deepEqual([statusOf(engine, 'b'), statusOf(engine, 'c')], ['pending', 'pending']);
    await accept(engine, 'a');
    await settled(() => steps.underWay.length === 1);
    steps.end();
    await settled(() => statusOf(engine, 'b') === 'waiting_acceptance');
    await engine.cancel('b', { who: 'ann', reason: null });
    await settled(() => statusOf(engine, 'c') === 'waiting_acceptance');
  });

  it('does not keep the slot that an execution it waits for needs', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const run = `do: [{ part: { run: { workflow: { namespace: test, name: child, version: latest } } } }]`;
    const hold = '{ concurrency: { limit: 1, parked: hold }, priority: 8 }';
    const bodies = { child: limitedDocument('child', hold, WORK), parent: limitedDocument('parent', hold, run) };
    await using engine = await openLimited(journalDir(), { clock, steps, limits: { executions: 1 }, bodies });
    await start(engine, 'p', { workflow: 'parent' });
    await start(engine, 'q', { workflow: 'parent' });
    await settled(
      () => {
        steps.end();
        return ['p', 'q'].every((id) => statusOf(engine, id) === 'completed');
      },
      () => ['p', 'q'].map((id) => [statusOf(engine, id), engine.read.children(id).map((child) => statusOf(engine, child))]),
    );
    assert.equal(steps.most, 1);
  });

  it('does not let the many of one workflow starve the one of another, nor the important ones the others', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { many: WORK, few: WORK };
    await using engine = await openLimited(journalDir(), { clock, steps, limits: { executions: 1 }, bodies });
    const many = Array.from({ length: 60 }, (_, n) => `m${n}`);
    await Promise.all(many.map((id) => start(engine, id, { workflow: 'many', priority: 7 })));
    await start(engine, 'f', { workflow: 'few' });
    await workOff(engine, steps, [...many, 'f']);
    const place = steps.began.indexOf('f');
    assert.ok(place > 0 && place <= 6, `it was number ${place}: by priority 7 against 5 it waits for four others`);
    assert.equal(steps.most, 1);
  });

  it('keeps the queue when the process ends, and lets it go when the limit is gone', async () => {
    const [dir, clock, steps] = [journalDir(), new ManualClock(), new Steps()];
    const ids = ['a', 'b', 'c', 'd'];
    {
      await using engine = await openLimited(dir, { clock, steps, limits: { executions: 1 }, bodies: { w: WORK } });
      for (const id of ids) await start(engine, id);
      await settled(() => steps.began.length === 1);
    }
    {
      await using engine = await openLimited(dir, { clock, steps, limits: { executions: 1 }, bodies: { w: WORK } });
      await settled(() => steps.began.length === 2);
      assert.deepEqual(steps.began, ['a', 'a'], 'the older one goes first again');
      assert.deepEqual(
        ids.map((id) => statusOf(engine, id)),
        ['running', 'pending', 'pending', 'pending'],
      );
    }
    await using engine = await openLimited(dir, { clock, steps, bodies: { w: WORK } });
    await workOff(engine, steps, ids);
  });

  it('takes the pending ones that are paused, resumed or cancelled as what they are', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    await using engine = await openLimited(journalDir(), { clock, steps, limits: { executions: 1 }, bodies: { w: WORK } });
    for (const id of ['a', 'b', 'c', 'd']) await start(engine, id);
    await engine.pause('b', 'ann');
    await engine.cancel('c', { who: 'ann', reason: null });
    await settled(() => steps.began.length === 1);
    steps.end();
    await settled(() => steps.began.length === 2);
    assert.deepEqual(steps.began, ['a', 'd']);
    await engine.resume('b', 'ann');
    await settled(() => statusOf(engine, 'b') === 'pending');
    await workOff(engine, steps, ['a', 'b', 'd']);
    assert.deepEqual([steps.began, statusOf(engine, 'c')], [['a', 'd', 'b'], 'cancelled']);
  });

  it('does not lose one that is paused and resumed while it is being put into the queue', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bodies = { work: WORK, asks: ASK };
    await using engine = await openLimited(journalDir(), { clock, steps, limits: { executions: 1 }, bodies });
    await start(engine, 'b', { workflow: 'asks' });
    await settled(() => statusOf(engine, 'b') === 'waiting_acceptance');
    await start(engine, 'a', { workflow: 'work' });
    await settled(() => steps.underWay.length === 1);
    engine.subscribe('b', ({ type }) => {
      if (type !== 'acceptance_decided') return;
      // Between these two, in the same commit, it comes into the queue.
      void engine.pause('b', 'ann');
      let turns = 100;
      const later = (): void => {
        turns -= 1;
        if (turns > 0) queueMicrotask(later);
        else void engine.resume('b', 'ann');
      };
      later();
    });
    await accept(engine, 'b');
    await settled(() => statusOf(engine, 'b') === 'pending');
    await workOff(engine, steps, ['a', 'b']);
  });

  it('refuses limits that make no sense, and a start whose key cannot be made', async () => {
    const [clock, steps] = [new ManualClock(), new Steps()];
    const bad = limitedDocument(
      'w',
      `{ priority: 10, budgets: { tokens: -1 }, concurrency: { limit: 0, key: '\${ . | }' } }`,
      WORK,
    );
    await using engine = await openLimited(journalDir(), {
      clock,
      steps,
      bodies: { w: limitedDocument('w', `{ concurrency: { key: '\${ .customer + 1 }' } }`, WORK) },
    });
    assert.throws(
      () => loadDefinition(bad, engine.functions),
      (error) =>
        error instanceof PlatformError &&
        pointersOf(error).join() ===
          '/document/metadata/loopwright/budgets/tokens,/document/metadata/loopwright/concurrency/limit,/document/metadata/loopwright/priority',
    );
    await assert.rejects(start(engine, 'a'), (error) => error instanceof PlatformError && error.code === 'VALIDATION_ERROR');
  });

  it('passes no limit and starves nobody, whatever comes in which order (property)', async () => {
    const action = fc.record({
      kind: fc.constantFrom(
        'start',
        'start',
        'start',
        'end',
        'end',
        'answer',
        'pause',
        'resume',
        'cancel',
        'restart',
        'refuse',
        'lose',
      ),
      pick: fc.nat(1000),
    });
    const plan = fc.record({
      executions: fc.integer({ min: 1, max: 4 }),
      limit: fc.integer({ min: 1, max: 3 }),
      actions: fc.array(action, { maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ executions, limit, actions }) => runPlan({ executions, limit, actions })),
      { numRuns: 40 },
    );
  });
});

interface PlannedAction {
  readonly kind: string;
  readonly pick: number;
}

/** Does what a plan says to an engine whose executions are limited, and holds the limits at every step that begins. */
async function runPlan({
  executions,
  limit,
  actions,
}: {
  executions: number;
  limit: number;
  actions: readonly PlannedAction[];
}): Promise<void> {
  const [dir, clock] = [journalDir(), new ManualClock()];
  const bodies = {
    w: limitedDocument('w', `{ concurrency: { limit: ${limit}, key: '\${ .customer }', limit_per_key: 1 } }`, WORK),
    asks: limitedDocument('asks', '{ concurrency: { limit: 2, parked: hold } }', ASK),
    free: ASK,
  };
  const workflows = Object.keys(bodies);
  const ids: { id: string; workflow: string; customer: string }[] = [];
  let steps = new Steps();
  let store: RefusingStore | undefined;
  const open = (): Promise<Engine> => {
    store?.noFaults();
    return openLimited(dir, {
      clock,
      steps,
      limits: { executions },
      bodies,
      openStore: (options) => (store = new RefusingStore(options)),
    });
  };
  let engine = await open();
  const check = (): void => {
    const under = ids.filter(({ id }) => steps.underWay.includes(id));
    assert.ok(under.length <= executions, `${under.length} run, ${executions} may`);
    const w = under.filter(({ workflow }) => workflow === 'w');
    assert.ok(w.length <= limit, `${w.length} of w run, ${limit} may`);
    assert.equal(new Set(w.map(({ customer }) => customer)).size, w.length, 'two of one key run');
    const held = ids.filter(
      ({ id, workflow }) => workflow === 'asks' && ['waiting_acceptance', 'running'].includes(statusOf(engine, id) ?? ''),
    );
    assert.ok(held.length <= 2, `${held.length} hold a slot of asks`);
  };
  const random = seededRandom(actions.length);
  const act = async ({ kind, pick }: PlannedAction): Promise<void> => {
    const one = ids[pick % Math.max(1, ids.length)]?.id ?? 'none';
    const refused = (error: unknown): void => assert.ok(error instanceof PlatformError, String(error));
    if (kind === 'start') {
      const given = { workflow: workflows[pick % 3] ?? 'w', customer: `c${pick % 2}`, priority: pick % 10 };
      const id = `e${ids.length}`;
      ids.push({ id, ...given });
      await start(engine, id, given).catch(refused);
    } else if (kind === 'refuse' || kind === 'lose') store?.plan(kind, pick % 5);
    else if (kind === 'end') steps.end();
    else if (kind === 'answer') await accept(engine, one).catch(refused);
    else if (kind === 'pause') await engine.pause(one, 'ann').catch(refused);
    else if (kind === 'resume') await engine.resume(one, 'ann').catch(refused);
    else if (kind === 'cancel') await engine.cancel(one, { who: 'ann', reason: null }).catch(refused);
    else {
      await engine.close(0);
      steps = new Steps();
      engine = await open();
    }
    for (let turn = Math.floor(random.next() * 4); turn > 0; turn -= 1) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      check();
    }
  };
  try {
    for (const action of actions) await act(action);
    await settled(
      () => {
        check();
        store?.noFaults();
        clock.pass(50);
        steps.end();
        for (const { id } of ids) {
          const status = statusOf(engine, id);
          if (status === 'paused') void engine.resume(id, 'ann').catch(() => undefined);
          if (status === 'waiting_acceptance') void accept(engine, id).catch(() => undefined);
        }
        return ids.every(({ id }) => isFinal(statusOf(engine, id) ?? 'completed'));
      },
      () => ids.map(({ id, workflow }) => [id, workflow, statusOf(engine, id), engine.read.limits.admission(id)]),
    );
  } finally {
    await engine.close(0);
  }
}
