import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, type Json, PlatformError, seededRandom, systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import { loadDefinition } from '../definition/load-definition.ts';
import { type CallFunction, defineFunction } from '../interpreter/call-function.ts';
import { SqliteStore, type SqliteStoreOptions } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { Engine } from './engine.ts';
import { countingFunctions, documentOf, journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

/** A step that begins when it likes and ends when `end` is called. */
function heldStep(): { held: CallFunction; end: () => void; begun: () => boolean } {
  let release: ((value: Json) => void) | undefined;
  const held = defineFunction({
    description: 'Ends when the test says so',
    arguments: z.strictObject({}),
    run: ({ step }) => step(() => new Promise<Json>((resolve) => void (release = resolve))),
  });
  return { held, end: () => release?.('ended'), begun: () => release !== undefined };
}

/** A store on SQLite that, once `loseNext` was called, commits a write and then reports that it failed. */
function losingStore(): { open: (options: SqliteStoreOptions) => Store; loseNext: () => void } {
  let losesNext = false;
  const open = (options: SqliteStoreOptions): Store => {
    const store = new SqliteStore(options);
    return {
      read: store.read,
      write: async (mutation) => {
        const loses = losesNext;
        losesNext = false;
        const value = await store.write(mutation);
        if (loses) throw new PlatformError('STORE_FAILED', 'Cannot write to the store: the test loses its answer');
        return value;
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  };
  return { open, loseNext: () => void (losesNext = true) };
}

/** A clock that stands still until `pass` moves it, and then runs what is due. */
function heldClock(): Clock & { pass: (ms: number) => void } {
  let now = Date.UTC(2026, 0, 1);
  const timers = new Map<() => void, number>();
  return {
    now: () => now,
    schedule: (delayMs, run) => {
      const once = (): void => run();
      timers.set(once, now + delayMs);
      return () => void timers.delete(once);
    },
    pass: (ms) => {
      now += ms;
      for (const [run, at] of timers) if (at <= now && timers.delete(run)) run();
    },
  };
}

const turn = (): Promise<void> => new Promise<void>((resolve) => void setImmediate(resolve));

describe('pause', () => {
  it('holds back a question that was on its way, until the execution goes on', async () => {
    const { functions } = countingFunctions();
    const ask = '{ call: accept, with: { title: Take it?, doc_type: version, subject: x, expires_in_ms: 20 } }';
    const body = `do: [first: { call: note, with: { id: first } }, ask: ${ask}]`;
    const engine = await openEngine(journalDir(), functions, { asks: body });
    const id = crypto.randomUUID();
    // Listeners hear of the commit before the execution goes on: the pause is written just before the question.
    const paused = new Promise<unknown>((resolve, reject) => {
      engine.subscribe(id, ({ type }) => {
        if (type === 'step_completed') engine.pause(id, 'ann').then(resolve, reject);
      });
    });
    await startOne(engine, 'asks', {}, id);
    await paused;
    for (let count = 0; count < 20; count += 1) await turn();
    assert.equal(engine.read.execution(id)?.status, 'paused');
    const types = engine.read.events(id, 0, 100).map(({ type }) => type);
    assert.deepEqual(types.slice(types.indexOf('paused')), ['paused']);
    assert.deepEqual(engine.read.humanTasks({ executionId: id, limit: 1 }), []);
    await engine.resume(id, 'ann');
    const failed = await untilStatus(engine, id, 'failed');
    assert.equal((failed.error as { title: string }).title, 'STEP_TIMEOUT');
    await engine.close(0);
  });

  it('lets the time-out of a part that is entered while paused begin with the resume', async () => {
    const { held, end, begun } = heldStep();
    const { functions } = countingFunctions();
    const body =
      'do: [first: { call: held }, part: { timeout: { after: { milliseconds: 30 } }, do: [nap: { wait: { seconds: 60 } }] }]';
    const engine = await openEngine(journalDir(), { ...functions, held }, { parts: body });
    const { execution } = await startOne(engine, 'parts');
    await until(engine, execution.id, begun);
    await engine.pause(execution.id, 'ann');
    end();
    await until(engine, execution.id, () => engine.read.entry(execution.id, 'part@deadline') !== undefined);
    const deadline = engine.read.entry(execution.id, 'part@deadline');
    assert.deepEqual([deadline?.dueAt, deadline?.remainingMs], [null, 30]);
    await engine.resume(execution.id, 'ann');
    await untilStatus(engine, execution.id, 'failed');
    await engine.close(0);
  });
});

describe('a store that commits and says it did not', () => {
  it('goes on with the answer that it recorded', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const store = losingStore();
    const { functions } = countingFunctions();
    const engine = new Engine({
      dir: journalDir(),
      durability: 'process',
      clock: systemClock,
      random: seededRandom(1),
      functions,
      openStore: store.open,
    });
    const body =
      'do: [ask: { call: accept, with: { title: Take it?, doc_type: version, subject: x } }, after: { call: note, with: { id: after } }]';
    await engine.register(loadDefinition(documentOf('asks', body), engine.functions));
    engine.recover();
    const { execution } = await startOne(engine, 'asks');
    while (engine.read.execution(execution.id)?.status !== 'waiting_acceptance') await turn();
    store.loseNext();
    const by = { answerId: 'a1', answeredBy: 'ann' };
    await assert.rejects(
      engine.answer({ executionId: execution.id }, { kind: 'acceptance', accepted: true }, by),
      (error: unknown) => error instanceof PlatformError && error.code === 'STORE_FAILED',
    );
    test.mock.timers.tick(5000);
    for (let waited = 0; waited < 50; waited += 1) await turn();
    assert.equal(engine.read.execution(execution.id)?.status, 'completed');
    await engine.close(0);
  });

  it('fires the timer that it recorded', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const store = losingStore();
    const { functions } = countingFunctions();
    const dir = journalDir();
    const at = { clock: systemClock, random: seededRandom(1) };
    const engine = new Engine({ dir, durability: 'process', ...at, functions, openStore: store.open });
    await engine.register(loadDefinition(documentOf('naps', 'do: [nap: { wait: { milliseconds: 1 } }]'), engine.functions));
    engine.recover();
    const id = crypto.randomUUID();
    engine.subscribe(id, ({ type }) => type === 'execution_started' && store.loseNext());
    await startOne(engine, 'naps', {}, id);
    for (let waited = 0; waited < 1000 && engine.read.execution(id)?.status !== 'completed'; waited += 1) {
      test.mock.timers.tick(100);
      await turn();
    }
    assert.equal(engine.read.execution(id)?.status, 'completed');
    await engine.close(0);
  });
});

describe('a restart', () => {
  it('takes up the branch that was running beside a question', async () => {
    const dir = journalDir();
    const body = `do: [both: { fork: { branches: [
      { asks: { call: accept, with: { title: Take it?, doc_type: version, subject: x } } },
      { works: { call: held } } ] } }]`;
    const { functions } = countingFunctions();
    const first = heldStep();
    const before = await openEngine(dir, { ...functions, held: first.held }, { both: body });
    const { execution } = await startOne(before, 'both');
    await untilStatus(before, execution.id, 'waiting_acceptance');
    await until(before, execution.id, first.begun);
    await before.close(0);
    const second = heldStep();
    const after = await openEngine(dir, { ...functions, held: second.held }, { both: body });
    await until(after, execution.id, second.begun);
    await after.close(0);
  });
});

describe('the name of an answer', () => {
  it('is refused for another step while its answer is kept for one', async () => {
    const asks = '{ call: accept, with: { title: Take it?, doc_type: version, subject: x } }';
    const { functions } = countingFunctions();
    const engine = await openEngine(journalDir(), functions, { two: `do: [one: ${asks}, other: ${asks}]` });
    const { execution } = await startOne(engine, 'two');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const give = (step: string): Promise<unknown> =>
      engine.answer(
        { executionId: execution.id, step },
        { kind: 'acceptance', accepted: true },
        { answerId: 'a1', answeredBy: 'ann' },
      );
    await give('other');
    await assert.rejects(
      give('one'),
      (error: unknown) => error instanceof PlatformError && error.code === 'IDEMPOTENCY_CONFLICT',
    );
    await engine.close(0);
  });
});

describe('a part that is given up', () => {
  /** Runs a body in a time that stands still but for one step of 30 ms; gives the execution and what is left open in its journal. */
  async function outcomeOf(body: string): Promise<{ output: Json; open: string[] }> {
    const clock = heldClock();
    const { functions } = countingFunctions();
    await using engine = new Engine({ dir: journalDir(), durability: 'process', clock, random: seededRandom(1), functions });
    await engine.register(loadDefinition(documentOf('parts', body), engine.functions));
    engine.recover();
    const { execution } = await startOne(engine, 'parts');
    for (let waited = 0; waited < 20; waited += 1) await turn();
    clock.pass(30);
    const { output } = await untilStatus(engine, execution.id, 'completed');
    const open = engine.read.journal(execution.id).filter(({ state }) => state === 'waiting' || state === 'running');
    return { output, open: open.map(({ key }) => key) };
  }

  it('leaves no timer behind when an inner time-out is due at the same moment', async () => {
    const { open } = await outcomeOf(`
do:
  - guarded:
      try:
        - outer:
            timeout: { after: { milliseconds: 30 } }
            for: { in: '[1]' }
            do: [inner: { timeout: { after: { milliseconds: 30 } }, do: [nap: { wait: { hours: 1 } }] }]
      catch: {}`);
    assert.deepEqual(open, []);
  });

  it('does not count what it exported before it ran out of time, as a replay would not', async () => {
    const { output } = await outcomeOf(`
do:
  - guarded:
      try:
        - part: { timeout: { after: { milliseconds: 30 } }, do: [a: { set: { x: 1 }, export: { as: . } }, work: { call: hang, with: { id: work } }] }
      catch: {}
output: { as: '\${ {context: $context} }' }`);
    assert.deepEqual(output, { context: null });
  });

  it('begins nothing after another branch won', async () => {
    const { open } = await outcomeOf(`
do:
  - race: { fork: { compete: true, branches: [
      { slow: { do: [a: { for: { in: '[range(20)]' }, do: [b: { set: {} }] }, d: { timeout: { after: { hours: 1 } }, wait: { hours: 1 } }] } },
      { fast: { set: { won: true } } } ] } }`);
    assert.deepEqual(open, []);
  });
});

describe('a process that closes', () => {
  it('acknowledges the answer that it recorded, and refuses what comes later', async () => {
    const { functions } = countingFunctions();
    const body = 'do: [ask: { call: accept, with: { title: Take it?, doc_type: version, subject: x } }]';
    const engine = await openEngine(journalDir(), functions, { asks: body });
    const { execution } = await startOne(engine, 'asks');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const given = engine.answer(
      { executionId: execution.id },
      { kind: 'acceptance', accepted: true },
      { answerId: 'a1', answeredBy: 'ann' },
    );
    await engine.close(0);
    assert.equal((await given).state, 'answered');
    await assert.rejects(
      engine.pause(execution.id, 'ann'),
      (error: unknown) => error instanceof PlatformError && error.code === 'STORE_FAILED',
    );
  });

  it('gives a step under way the time that its clock counts', async () => {
    const clock = heldClock();
    const { held, end, begun } = heldStep();
    const engine = new Engine({ dir: journalDir(), durability: 'process', clock, random: seededRandom(1), functions: { held } });
    await engine.register(loadDefinition(documentOf('holds', 'do: [one: { call: held }]'), engine.functions));
    engine.recover();
    const completed: string[] = [];
    const { execution } = await startOne(engine, 'holds');
    engine.subscribe(execution.id, ({ type }) => completed.push(type));
    while (!begun()) await turn();
    let isClosed = false;
    const closed = engine.close(1000).then(() => (isClosed = true));
    for (let waited = 0; waited < 20; waited += 1) {
      await turn();
      clock.pass(5);
    }
    assert.equal(isClosed, false);
    end();
    for (let waited = 0; waited < 20; waited += 1) {
      await turn();
      clock.pass(5);
    }
    await closed;
    assert.ok(completed.includes('step_completed'));
  });
});
