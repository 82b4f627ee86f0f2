import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { durationSchema, endOf } from '../definition/duration.ts';
import { loadDefinition } from '../definition/load-definition.ts';
import {
  countingFunctions,
  documentOf,
  journalDir,
  openEngine,
  pointersOf,
  startOne,
  until,
  untilStatus,
} from '../embedded/engine-fixture.ts';

describe('durations that expressions give', () => {
  it('time waits, tries and time-outs', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      waits: `do: [{ nap: { wait: '\${ .nap }' } }, { again: { wait: '\${ { milliseconds: .more } }' } }]`,
      tries: `
use: { retries: { soon: { delay: '\${ .delay }', limit: { attempt: { count: 3 }, duration: '\${ .all }' } } } }
do:
  - guarded: { try: [{ f: { call: fail, with: { id: f, times: 2 } } }], catch: { retry: soon } }`,
      hangs: `do: [{ slow: { call: hang, with: { id: h }, timeout: { after: '\${ .after }' } } }]`,
    });
    const { execution: waits } = await startOne(engine, 'waits', { nap: 'PT0.02S', more: 5 });
    await untilStatus(engine, waits.id, 'completed');
    const started = engine.read.events(waits.id, 0, 100).filter(({ type }) => type === 'timer_started');
    assert.deepEqual(
      started.map(({ at, data: { due_at: due } }) => (typeof due === 'string' ? Date.parse(due) - at : due)),
      [20, 5],
    );
    const { execution: tries } = await startOne(engine, 'tries', { delay: { milliseconds: 1 }, all: 'PT1M' });
    await untilStatus(engine, tries.id, 'completed');
    assert.equal(runs.get('f'), 3);
    const { execution: hangs } = await startOne(engine, 'hangs', { after: 'PT0.03S' });
    const { error } = await untilStatus(engine, hangs.id, 'failed');
    assert.equal((error as { title: string }).title, 'STEP_TIMEOUT');
  });

  it('end the task with an expression error when they give something else', async () => {
    await using engine = await openEngine(journalDir(), {}, { waits: `do: [{ nap: { wait: '\${ .nap }' } }]` });
    for (const nap of ['soon', 5, null, { weeks: 1 }]) {
      const { execution } = await startOne(engine, 'waits', { nap });
      const { error } = await untilStatus(engine, execution.id, 'failed');
      assert.match(JSON.stringify(error), /errors\/expression.*as a duration/);
    }
  });
});

describe('durations of months', () => {
  it('begin when the wait is recorded, and end at that time whatever process reads it', async () => {
    const dir = journalDir();
    const body = `do: [{ nap: { wait: P1M } }, { slow: { set: {} } }]`;
    const engine = await openEngine(dir, {}, { naps: body });
    const { execution } = await startOne(engine, 'naps');
    await until(engine, execution.id, () => engine.read.nextDue() !== undefined);
    const [entry] = engine.read.journal(execution.id);
    assert.equal(entry?.dueAt, endOf(durationSchema.parse('P1M'), entry?.createdAt ?? 0));
    await engine.close(0);
    await using again = await openEngine(dir, {}, { naps: body });
    assert.equal(again.read.nextDue(), entry?.dueAt);
  });

  it('may stand in time-outs and retry policies', async () => {
    const { functions, runs } = countingFunctions();
    await using engine = await openEngine(journalDir(), functions, {
      tries: `
timeout: { after: P1Y }
do:
  - guarded:
      try: [{ f: { call: fail, with: { id: f, times: 1 }, timeout: { after: P1M } } }]
      catch: { retry: { delay: PT0S, limit: { attempt: { count: 2, duration: P2M }, duration: P1Y } } }`,
    });
    const { execution } = await startOne(engine, 'tries');
    await untilStatus(engine, execution.id, 'completed');
    assert.equal(runs.get('f'), 2);
  });
});

describe('the interval of a schedule', () => {
  const load = (rule: string): unknown =>
    loadDefinition(documentOf('timed', `schedule: ${rule}\ndo: [{ a: { set: {} } }]`), {}).document.schedule;

  it('may be an expression, which has its value when the definition is read', () => {
    assert.deepEqual(load(`{ every: '\${ "P1M" }' }`), { kind: 'every', interval: { months: 1, ms: 0 } });
    assert.deepEqual(load(`{ after: '\${ { seconds: (60 * 2) } }' }`), { kind: 'after', interval: { months: 0, ms: 120_000 } });
  });

  it('is refused when the expression reads what is not there, gives no duration or too short a one', () => {
    for (const expression of ['$input.every', '"soon"', 'error("no")', '.every', '{ milliseconds: 5 }']) {
      assert.throws(
        () => load(`{ every: '\${ ${expression} }' }`),
        (error) => error instanceof PlatformError && pointersOf(error).every((pointer) => pointer === '/schedule/every'),
        expression,
      );
    }
  });
});
