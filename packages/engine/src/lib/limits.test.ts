import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, PlatformError, seededRandom, systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import { loadDefinition } from './definition/load-definition.ts';
import { Engine } from './embedded/engine.ts';
import {
  countingFunctions,
  documentOf,
  journalDir,
  openEngine,
  startOne,
  until,
  untilStatus,
} from './embedded/engine-fixture.ts';
import type { Execution } from './execution/execution.ts';
import { type FunctionCatalogue, defineFunction } from './interpreter/call-function.ts';
import {
  ANSWER_LIMIT_CHARACTERS,
  DEFINITION_COUNT_LIMIT,
  DEFINITION_DEPTH_LIMIT,
  DEFINITION_LIMIT_CHARACTERS,
  EARLY_ANSWER_LIMIT,
  ENTRY_LIMIT,
  ERROR_LIMIT_CHARACTERS,
  EVENT_LIMIT,
  ITEM_LIMIT,
  LISTENER_LIMIT,
  LIST_LIMIT,
  OPEN_QUESTION_LIMIT,
  TASK_LIMIT,
  VALUE_DEPTH_LIMIT,
  VALUE_LIMIT_CHARACTERS,
} from './limits.ts';
import { SqliteStore } from './store/sqlite-store.ts';

const nested = (depth: number): Json => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json;
/** A text whose JSON has this many characters. */
const textOf = (characters: number): string => 'x'.repeat(characters - 2);
const exceeded = (limit: string, maximum: number): object => ({ code: 'LIMIT_EXCEEDED', details: { limit, maximum } });
const titleOf = ({ error }: Execution): unknown => z.looseObject({ title: z.string() }).parse(error).title;
const load = (body: string, functions: FunctionCatalogue = {}): unknown => loadDefinition(documentOf('one', body), functions);
const lists = (count: number, task: string, name = 't'): string =>
  Array.from({ length: count }, (_, n) => `${name}${n}: ${task}`).join(', ');
const ASK = '{ call: accept, with: { title: Good?, doc_type: d, subject: x } }';

/** Functions that give a result of a chosen size or depth, and that record many results in one task. */
const makers: FunctionCatalogue = {
  long: defineFunction({
    description: 'Gives a text whose JSON has so many characters',
    arguments: z.strictObject({ characters: z.number() }),
    run: ({ args, step }) => step(async () => textOf(args.characters)),
  }),
  deep: defineFunction({
    description: 'Gives nested arrays',
    arguments: z.strictObject({ depth: z.number() }),
    run: ({ args, step }) => step(async () => nested(args.depth)),
  }),
  blame: defineFunction({
    description: 'Fails with a long text',
    arguments: z.strictObject({ characters: z.number() }),
    run: ({ args, step }) => step(() => Promise.reject(new Error('e'.repeat(args.characters)))),
  }),
};

async function open(bodies: Record<string, string>): Promise<Engine> {
  return openEngine(journalDir(), { ...countingFunctions().functions, ...makers }, bodies);
}

async function outcome(engine: Engine, workflow: string, input: Json): Promise<string> {
  const { execution } = await startOne(engine, workflow, input);
  for (;;) {
    const now = engine.read.execution(execution.id);
    if (now?.status === 'completed') return 'completed';
    if (now?.status === 'failed') return String(titleOf(now));
    await new Promise<void>((resolve) => void setTimeout(resolve, 2));
  }
}

describe('limits of a definition', () => {
  it('takes as many characters, levels and tasks in a list as it may, and not one more', () => {
    const text = documentOf('one', 'do: [a: { set: { x: 1 } }]\n#');
    const padded = text + 'x'.repeat(DEFINITION_LIMIT_CHARACTERS - text.length);
    assert.ok(loadDefinition(padded, {}));
    assert.throws(() => loadDefinition(`${padded}x`, {}), { code: 'INVALID_DEFINITION' });
    // The document, the list, its item, the task and `set` are five levels above the value.
    const value = (depth: number): string => `do: [a: { set: { x: ${JSON.stringify(nested(depth))} } }]`;
    assert.ok(load(value(DEFINITION_DEPTH_LIMIT - 5)));
    assert.throws(() => load(value(DEFINITION_DEPTH_LIMIT - 4)), { code: 'INVALID_DEFINITION', message: /nested deeper/ });
    assert.ok(load(`do: [${lists(LIST_LIMIT, '{ set: { x: 1 } }')}]`));
    assert.throws(() => load(`do: [${lists(LIST_LIMIT + 1, '{ set: { x: 1 } }')}]`), { code: 'INVALID_DEFINITION' });
    const fork = (count: number): string => `do: [f: { fork: { branches: [${lists(count, '{ set: { x: 1 } }')}] } }]`;
    assert.ok(load(fork(LIST_LIMIT)));
    assert.throws(() => load(fork(LIST_LIMIT + 1)), { code: 'INVALID_DEFINITION' });
  });

  it('keeps as many definitions as it may; those that are there can be registered again', async () => {
    const dir = journalDir();
    const store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined });
    await store.write((transaction) => {
      for (let count = 0; count < DEFINITION_COUNT_LIMIT - 1; count += 1)
        transaction.putDefinition({ digest: `d${count}`, name: 'n', version: '1.0.0', source: {}, createdAt: 1 });
    });
    await store[Symbol.asyncDispose]();
    await using engine = new Engine({ dir, durability: 'process', clock: systemClock, random: seededRandom(1), functions: {} });
    const one = loadDefinition(documentOf('one', 'do: [a: { set: { x: 1 } }]'), {});
    const other = loadDefinition(documentOf('other', 'do: [a: { set: { x: 1 } }]'), {});
    await engine.register(one);
    await assert.rejects(engine.register(other), exceeded('definitions', DEFINITION_COUNT_LIMIT));
    await engine.register(one);
    assert.deepEqual([...engine.definitions.keys()], ['one']);
  });
});

describe('limits of values', () => {
  it('starts with an input of the limits, and writes nothing of one that is over them', async () => {
    await using engine = await open({ take: 'do: [a: { set: { x: 1 } }]' });
    await startOne(engine, 'take', textOf(VALUE_LIMIT_CHARACTERS), 'long');
    await startOne(engine, 'take', nested(VALUE_DEPTH_LIMIT), 'deep');
    await assert.rejects(
      startOne(engine, 'take', textOf(VALUE_LIMIT_CHARACTERS + 1), 'longer'),
      exceeded('characters', VALUE_LIMIT_CHARACTERS),
    );
    await assert.rejects(startOne(engine, 'take', nested(VALUE_DEPTH_LIMIT + 1), 'deeper'), exceeded('depth', VALUE_DEPTH_LIMIT));
    await assert.rejects(startOne(engine, 'take', nested(100_000), 'deepest'), exceeded('depth', VALUE_DEPTH_LIMIT));
    assert.equal(engine.read.executions({ limit: 10 }).total, 2);
    // Brackets inside of texts are not levels.
    await startOne(engine, 'take', `${'['.repeat(1000)}"\\"[`, 'brackets');
  });

  it('records results, outputs and events of the limits, and fails with those that are over them', async () => {
    const emit = '{ emit: { event: { with: { source: s, type: t, data: "${ . }" } } } }';
    await using engine = await open({
      long: 'do: [a: { call: long, with: { characters: "${ .n }" }, output: { as: "${ 1 }" } }]',
      deep: 'do: [a: { call: deep, with: { depth: "${ .n }" }, output: { as: "${ 1 }" } }]',
      emits: `do: [a: ${emit.replace('emit:', 'output: { as: "${ 1 }" }, emit:')}]`,
      wraps: 'do: [a: { set: { out: "${ . }" } }]',
      gives: 'do: [a: { set: "${ . }" }]',
    });
    assert.equal(await outcome(engine, 'long', { n: VALUE_LIMIT_CHARACTERS }), 'completed');
    assert.equal(await outcome(engine, 'long', { n: VALUE_LIMIT_CHARACTERS + 1 }), 'LIMIT_EXCEEDED');
    assert.equal(await outcome(engine, 'deep', { n: VALUE_DEPTH_LIMIT }), 'completed');
    assert.equal(await outcome(engine, 'deep', { n: VALUE_DEPTH_LIMIT + 1 }), 'LIMIT_EXCEEDED');
    // The event has one level of its own around its data.
    assert.equal(await outcome(engine, 'emits', nested(VALUE_DEPTH_LIMIT - 1)), 'completed');
    assert.equal(await outcome(engine, 'emits', nested(VALUE_DEPTH_LIMIT)), 'LIMIT_EXCEEDED');
    assert.equal(await outcome(engine, 'gives', nested(VALUE_DEPTH_LIMIT)), 'completed');
    assert.equal(await outcome(engine, 'wraps', nested(VALUE_DEPTH_LIMIT)), 'LIMIT_EXCEEDED');
  });

  it('takes events from outside of the limit, and cuts the text of an error', async () => {
    await using engine = await open({ fails: 'do: [a: { call: blame, with: { characters: "${ .n }" } }]' });
    const event = (depth: number): Parameters<Engine['publish']>[0] => ({ id: '1', source: 's', type: 't', data: nested(depth) });
    assert.equal(await engine.publish(event(VALUE_DEPTH_LIMIT - 1)), 0);
    await assert.rejects(engine.publish(event(VALUE_DEPTH_LIMIT)), exceeded('depth', VALUE_DEPTH_LIMIT));
    for (const [characters, expected] of [
      [ERROR_LIMIT_CHARACTERS, 'e'],
      [ERROR_LIMIT_CHARACTERS + 1, '…'],
    ] as const) {
      const { execution } = await startOne(engine, 'fails', { n: characters });
      const { detail } = z.looseObject({ detail: z.string() }).parse((await untilStatus(engine, execution.id, 'failed')).error);
      assert.deepEqual([detail.length, detail.at(-1)], [ERROR_LIMIT_CHARACTERS, expected]);
    }
  });

  it('takes an answer of the limit, and leaves the question open when it is over it', async () => {
    await using engine = await open({ asks: `do: [ask: ${ASK}]` });
    const { execution } = await startOne(engine, 'asks');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const rest = JSON.stringify({ kind: 'acceptance', accepted: true, comment: '' }).length;
    const give = (length: number): Promise<unknown> =>
      engine.answer(
        { executionId: execution.id },
        { kind: 'acceptance', accepted: true, comment: 'c'.repeat(length - rest) },
        { answerId: 'a', answeredBy: 'ann' },
      );
    await assert.rejects(give(ANSWER_LIMIT_CHARACTERS + 1), exceeded('characters', ANSWER_LIMIT_CHARACTERS));
    assert.equal(engine.read.humanTasks({ executionId: execution.id, limit: 1 })[0]?.state, 'open');
    await give(ANSWER_LIMIT_CHARACTERS);
    await untilStatus(engine, execution.id, 'completed');
  });
});

describe('limits of an execution', () => {
  it('runs as many tasks and rounds as it may', async () => {
    await using engine = await open({
      jumps:
        'do: [count: { set: { n: "${ .n - 1 }" } }, again: { switch: [{ more: { when: "${ .n > 0 }", then: count } }, { over: { then: end } }] }]',
      rounds: `do: [go: { for: { in: '\${ [range(.n)] }' }, while: '\${ false }', do: [a: { set: { x: 1 } }] }]`,
    });
    assert.equal(await outcome(engine, 'jumps', { n: TASK_LIMIT / 2 }), 'completed');
    assert.equal(await outcome(engine, 'jumps', { n: TASK_LIMIT / 2 + 1 }), 'LIMIT_EXCEEDED');
    assert.equal(await outcome(engine, 'rounds', { n: ITEM_LIMIT }), 'completed');
    assert.equal(await outcome(engine, 'rounds', { n: ITEM_LIMIT + 1 }), 'LIMIT_EXCEEDED');
  });

  it('asks as many questions at a time as it may, and fails with one more; none of them stays open', async () => {
    const { functions } = countingFunctions();
    const fork = (last: string): string =>
      `do: [f: { fork: { branches: [${lists(OPEN_QUESTION_LIMIT - 1, ASK, 'q')}, last: { do: [nap: { wait: { milliseconds: 20 } }, ${last}] }] } }]`;
    const two = `two: { fork: { branches: [${lists(2, ASK, 'r')}] } }`;
    const dir = journalDir();
    await using engine = await openEngine(dir, functions, { fits: fork(`one: ${ASK}`), over: fork(two) });
    const fits = await startOne(engine, 'fits');
    const over = await startOne(engine, 'over');
    const failed = await untilStatus(engine, over.execution.id, 'failed');
    assert.equal(titleOf(failed), 'LIMIT_EXCEEDED');
    assert.equal(engine.read.count('open-questions', failed.id), 0);
    for (const end = Date.now() + 60_000; engine.read.count('open-questions', fits.execution.id) < OPEN_QUESTION_LIMIT;) {
      assert.ok(Date.now() < end, 'it took too long');
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
    }
    assert.equal(engine.read.execution(fits.execution.id)?.status, 'waiting_acceptance');
  });

  it('listens for as many types of events as it may', async () => {
    const any = (from: number, count: number): string =>
      `{ listen: { to: { any: [${Array.from({ length: count }, (_, n) => `{ with: { type: t${from + n} } }`).join(', ')}] } } }`;
    const fork = (last: number): string => {
      const full = Array.from({ length: LISTENER_LIMIT / 100 - 1 }, (_, n) => `b${n}: ${any(n * 100, 100)}`);
      return `do: [f: { fork: { branches: [${full.join(', ')}, last: { do: [nap: { wait: { milliseconds: 20 } }, most: ${any(5000, 99)}] }, end: { do: [nap: { wait: { milliseconds: 60 } }, rest: ${any(6000, last)}] }] } }]`;
    };
    await using engine = await open({ fits: fork(1), over: fork(2) });
    const fits = await startOne(engine, 'fits');
    const over = await startOne(engine, 'over');
    assert.equal(titleOf(await untilStatus(engine, over.execution.id, 'failed')), 'LIMIT_EXCEEDED');
    for (const end = Date.now() + 60_000; engine.read.count('listeners', fits.execution.id) < LISTENER_LIMIT;) {
      assert.ok(Date.now() < end, 'it took too long');
      await new Promise<void>((resolve) => void setTimeout(resolve, 5));
    }
  });

  it('gives as many characters of events as it may, and fails with one more', async () => {
    await using engine = await open({
      hears: 'do: [hear: { listen: { to: { all: [{ with: { type: a } }, { with: { type: b } }] } } }]',
    });
    const [half, comma] = [VALUE_LIMIT_CHARACTERS / 2, 3];
    for (const [more, status] of [
      [0, 'completed'],
      [1, 'failed'],
    ] as const) {
      const { execution } = await startOne(engine, 'hears');
      await until(engine, execution.id, () => engine.read.entry(execution.id, 'hear') !== undefined);
      const event = (type: string, characters: number): Promise<number> =>
        engine.publish({ id: `${type}${more}`, source: 's', type, data: textOf(characters) });
      await event('a', half);
      await event('b', half - comma + more);
      const ended = await untilStatus(engine, execution.id, status);
      if (more === 0) assert.equal(JSON.stringify(ended.output).length, VALUE_LIMIT_CHARACTERS);
      else assert.equal(titleOf(ended), 'LIMIT_EXCEEDED');
    }
  });

  it('keeps as many answers before their questions as it may, events before a pause, and results', async () => {
    const dir = journalDir();
    const { functions } = countingFunctions();
    const asks = `do: [hold: { wait: { hours: 1 } }, all: { do: [${lists(LIST_LIMIT, ASK, 'q')}] }, more: ${ASK}]`;
    const first = await openEngine(dir, functions, { early: asks, waits: 'do: [nap: { wait: { hours: 1 } }]' });
    for (const id of ['early', 'paused', 'busy']) await startOne(first, id === 'early' ? 'early' : 'waits', {}, id);
    await first.close(0);
    const store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined });
    await store.write((transaction) => {
      const answer = { kind: 'acceptance', accepted: true };
      for (let n = 0; n < EARLY_ANSWER_LIMIT - 1; n += 1)
        transaction.putEarlyAnswer({
          executionId: 'early',
          step: `q${n}`,
          answerId: `a${n}`,
          answeredBy: 'ann',
          answer,
          receivedAt: 1,
        });
      for (let n = transaction.count('events', 'paused'); n < EVENT_LIMIT - 1; n += 1)
        transaction.appendEvent({ executionId: 'paused', type: 'e', step: null, at: 1, data: {} });
    });
    await store[Symbol.asyncDispose]();
    await using engine = await openEngine(dir, functions, {});
    const give = (step: string): Promise<unknown> =>
      engine.answer(
        { executionId: 'early', step },
        { kind: 'acceptance', accepted: true },
        { answerId: step, answeredBy: 'ann' },
      );
    await give(`q${EARLY_ANSWER_LIMIT - 1}`);
    await assert.rejects(give('more'), exceeded('early_answers', EARLY_ANSWER_LIMIT));
    await engine.pause('paused', 'ann');
    await engine.resume('paused', 'ann');
    await assert.rejects(engine.pause('paused', 'ann'), exceeded('events', EVENT_LIMIT));
    assert.equal(engine.read.execution('paused')?.status, 'running');
    await engine.cancel('paused', { who: 'ann', reason: null });
  });

  it('records as many results as it may', async () => {
    const dir = journalDir();
    const two = 'do: [nap: { wait: { hours: 1 } }, a: { call: note, with: { id: a } }, b: { call: note, with: { id: b } }]';
    const { functions } = countingFunctions();
    const first = await openEngine(dir, functions, { two });
    for (const id of ['fits', 'over']) await startOne(first, 'two', {}, id);
    await first.close(0);
    const store = new SqliteStore({ dir, durability: 'process', onEvents: () => undefined });
    await store.write((transaction) => {
      const entry = {
        kind: 'now',
        state: 'done',
        name: 'n',
        value: 1,
        remainingMs: null,
        dueAt: null,
        createdAt: 1,
        recordedAt: 1,
      } as const;
      for (const [id, count] of [
        ['fits', ENTRY_LIMIT - 3],
        ['over', ENTRY_LIMIT - 2],
      ] as const) {
        for (let n = 0; n < count; n += 1) transaction.putEntry(id, { ...entry, key: `other-${n}` });
        const nap = transaction.entry(id, 'nap');
        if (nap !== undefined) transaction.putEntry(id, { ...nap, dueAt: 5 });
      }
    });
    await store[Symbol.asyncDispose]();
    await using engine = await openEngine(dir, functions, {});
    await untilStatus(engine, 'fits', 'completed');
    assert.equal(titleOf(await untilStatus(engine, 'over', 'failed')), 'LIMIT_EXCEEDED');
    assert.ok(engine.read.entry('over', 'a') !== undefined);
    assert.ok(engine.read.entry('over', 'b') === undefined);
  });

  it('says which limit it is in the error', async () => {
    await using engine = await open({ take: 'do: [a: { set: { x: 1 } }]' });
    const refused = startOne(engine, 'take', nested(VALUE_DEPTH_LIMIT + 1));
    await assert.rejects(
      refused,
      (error) => error instanceof PlatformError && error.status === 422 && /depth|deeply/.test(error.message),
    );
  });
});
