import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, type PlatformError, seededRandom } from '@loopwright/protocol';
import fc from 'fast-check';
import { loadDefinition } from '../definition/load-definition.ts';
import type { Execution } from '../execution/execution.ts';
import { type HeldClock, heldClock } from './clock-fixture.ts';
import { Engine } from './engine.ts';
import { countingFunctions, documentOf, journalDir, pointersOf } from './engine-fixture.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const STEP = 'do: [{ one: { call: note, with: { id: one } } }]';

const event = (id: string, type: string, data: Json = null): Parameters<Engine['publish']>[0] => ({
  id,
  source: 'test',
  type,
  data,
});

/** Opens an engine on a held clock with one definition, `timed`, of this body. */
async function open(dir: string, clock: HeldClock, body: string): Promise<Engine> {
  const { functions } = countingFunctions();
  const engine = new Engine({ dir, durability: 'process', clock, random: seededRandom(1), functions });
  await engine.register(loadDefinition(documentOf('timed', body), engine.functions), { projectId: 'p-1' });
  engine.recover();
  await clock.advance(0);
  return engine;
}

const started = (engine: Engine): Execution[] => engine.read.executions({ limit: 1000 }).executions.toReversed();
const minutes = (engine: Engine): number[] => started(engine).map(({ createdAt }) => (createdAt - START) / MINUTE);

describe('schedule every', () => {
  it('starts at each interval, with an empty input, as itself, whether the last one has ended or not', async () => {
    const clock = heldClock(START);
    await using engine = await open(
      journalDir(),
      clock,
      'schedule: { every: { minutes: 1 } }\ndo: [{ nap: { wait: { minutes: 3 } } }]',
    );
    await clock.advance(59_999);
    assert.deepEqual(minutes(engine), []);
    await clock.advance(4 * MINUTE);
    assert.deepEqual(minutes(engine), [1, 2, 3, 4]);
    const [first] = started(engine);
    assert.deepEqual([first?.input, first?.startedBy, first?.projectId, first?.status], [{}, 'schedule', 'p-1', 'completed']);
    const [schedule] = engine.schedules();
    assert.deepEqual(
      [schedule?.workflow, schedule?.kind, schedule?.starts, schedule?.dueAt, schedule?.lastStartedAt],
      ['timed', 'every', 4, START + 5 * MINUTE, START + 4 * MINUTE],
    );
  });

  it('starts once for all that was missed while no process ran, and keeps its rhythm over a restart', async () => {
    const clock = heldClock(START);
    const dir = journalDir();
    const body = `schedule: { every: PT1M }\n${STEP}`;
    const before = await open(dir, clock, body);
    await clock.advance(MINUTE);
    await before.close(0);
    await clock.advance(10.5 * MINUTE);
    await using engine = await open(dir, clock, body);
    assert.deepEqual(minutes(engine), [1, 11.5]);
    await clock.advance(MINUTE);
    assert.deepEqual(minutes(engine), [1, 11.5, 12]);
  });

  it('starts what comes due while a start is being written', async () => {
    const held = heldClock(START);
    let lateBy = 0;
    const clock = { ...held, now: () => held.now() + lateBy };
    await using engine = await open(journalDir(), clock, `schedule: { every: PT1M }\n${STEP}`);
    // A minute passes between the commit of the first start and the note of it.
    engine.subscribeAll(() => void (lateBy = MINUTE));
    await clock.advance(MINUTE);
    assert.deepEqual(minutes(engine), [1, 2]);
    await clock.advance(MINUTE);
    assert.deepEqual(minutes(engine), [1, 2, 3]);
  });

  it('starts no more than may be under way, and says so', async () => {
    const clock = heldClock(START);
    await using engine = await open(journalDir(), clock, 'schedule: { every: PT1S }\ndo: [{ nap: { wait: { hours: 1 } } }]');
    await clock.advance(105_000);
    assert.equal(started(engine).length, 100);
    const [schedule] = engine.schedules();
    assert.equal(schedule?.starts, 100);
    assert.match(schedule?.lastError ?? '', /100 executions of this schedule are under way/);
    assert.equal(schedule?.dueAt, START + 106_000);
  });
});

describe('schedule cron', () => {
  it('starts at the times that it names', async () => {
    const clock = heldClock(START);
    await using engine = await open(journalDir(), clock, `schedule: { cron: '30 */2 * * *' }\n${STEP}`);
    await clock.advance(5 * 60 * MINUTE);
    assert.deepEqual(minutes(engine), [30, 150, 270]);
  });
});

describe('schedule after', () => {
  it('starts again so long after the last one has ended, however it ended', async () => {
    const clock = heldClock(START);
    await using engine = await open(
      journalDir(),
      clock,
      'schedule: { after: { minutes: 2 } }\ndo: [{ nap: { wait: { minutes: 5 } } }]',
    );
    await clock.advance(17 * MINUTE);
    assert.deepEqual(minutes(engine), [2, 9, 16]);
    assert.equal(engine.schedules()[0]?.dueAt, null);
    await engine.cancel(started(engine)[2]?.id ?? '', { who: 'ann', reason: null });
    await clock.advance(3 * MINUTE);
    assert.deepEqual(minutes(engine), [2, 9, 16, 19]);
  });

  it('waits for the end of what is under way when it is replaced or resumed', async () => {
    const clock = heldClock(START);
    const nap = 'do: [{ nap: { wait: { minutes: 5 } } }]';
    await using engine = await open(journalDir(), clock, `schedule: { after: { minutes: 2 } }\n${nap}`);
    await clock.advance(3 * MINUTE);
    await engine.register(loadDefinition(documentOf('timed', `schedule: { after: { minutes: 1 } }\n${nap}`), engine.functions));
    await engine.pauseSchedule('timed');
    assert.equal((await engine.resumeSchedule('timed')).dueAt, null);
    await clock.advance(6 * MINUTE);
    assert.deepEqual(minutes(engine), [2, 8]);
  });

  it('sets no timer while it is paused, when what it started has ended', { timeout: 10_000 }, async () => {
    const clock = heldClock(START);
    await using engine = await open(
      journalDir(),
      clock,
      'schedule: { after: { minutes: 2 } }\ndo: [{ nap: { wait: { minutes: 5 } } }]',
    );
    await clock.advance(3 * MINUTE);
    await engine.pauseSchedule('timed');
    // It used to look again at once, for ever, and time could not go on.
    await clock.advance(10 * MINUTE);
    assert.equal(started(engine)[0]?.status, 'completed');
    await engine.resumeSchedule('timed');
    await clock.advance(2 * MINUTE);
    assert.deepEqual(minutes(engine), [2, 15]);
  });

  it('counts from an end that came while the engine was being closed', async () => {
    const clock = heldClock(START);
    const dir = journalDir();
    const body = 'schedule: { after: { minutes: 2 } }\ndo: [{ nap: { wait: { minutes: 5 } } }]';
    const before = await open(dir, clock, body);
    await clock.advance(3 * MINUTE);
    const cancelled = before.cancel(started(before)[0]?.id ?? '', { who: 'ann', reason: null });
    await Promise.all([cancelled, before.close(0)]);
    await clock.advance(MINUTE);
    await using engine = await open(dir, clock, body);
    await clock.advance(MINUTE);
    assert.deepEqual(minutes(engine), [2, 5]);
  });
});

describe('schedule on', () => {
  it('starts with the events, once for an event, over a restart too, and for what executions of its project emit', async () => {
    const clock = heldClock(START);
    const dir = journalDir();
    const body = `schedule: { on: { one: { with: { type: low, data: '\${ .bpm < 40 }' } } } }
do: [{ last: { set: { patient: '\${ $workflow.input[0].data.patient }' } } }]`;
    const before = await open(dir, clock, body);
    assert.equal(await before.publish(event('1', 'low', { bpm: 39, patient: 'ann' })), 1);
    assert.equal(await before.publish(event('1', 'low', { bpm: 39, patient: 'ann' })), 0);
    assert.equal(await before.publish(event('2', 'low', { bpm: 40 })), 0);
    // What is not started yet when the process ends is started by the next one.
    await before.close(0);
    await using engine = await open(dir, clock, body);
    assert.equal(await engine.publish(event('1', 'low', { bpm: 39, patient: 'ann' })), 0);
    const emits = `do: [{ say: { emit: { event: { with: { source: s, type: low, data: { bpm: 1, patient: bob } } } } } }]`;
    await engine.register(loadDefinition(documentOf('emits', emits), engine.functions));
    for (const projectId of ['p-1', 'p-2'])
      await engine.start({ executionId: `in-${projectId}`, workflow: 'emits', projectId, input: {}, startedBy: 'ann' });
    await clock.advance(1);
    const outputs = started(engine)
      .filter(({ workflow }) => workflow === 'timed')
      .map(({ output }) => output);
    assert.deepEqual(outputs, [{ patient: 'ann' }, { patient: 'bob' }]);
    assert.deepEqual([engine.schedules()[0]?.starts, engine.read.schedules.starts(10)], [2, []]);
  });

  it('completes a set for each correlation, and waits for no more sets than it may', async () => {
    const clock = heldClock(START);
    const filter = (type: string): string => `{ with: { type: ${type} }, correlate: { room: { from: .data.room } } }`;
    const body = `schedule: { on: { all: [${filter('heat')}, ${filter('damp')}] } }
do: [{ last: { set: { ids: '\${ [$workflow.input[].id] }' } } }]`;
    await using engine = await open(journalDir(), clock, body);
    const send = (id: string, type: string, room: string): Promise<number> => engine.publish(event(id, type, { room }));
    assert.deepEqual(await Promise.all([send('h1', 'heat', 'a'), send('h2', 'heat', 'b'), send('d2', 'damp', 'b')]), [0, 0, 1]);
    assert.deepEqual(await Promise.all([send('h1', 'heat', 'a'), send('d1', 'damp', 'a'), send('d3', 'damp', 'a')]), [0, 1, 0]);
    await clock.advance(1);
    const sets = started(engine).map(({ output }) => (output as { ids: string[] }).ids.join());
    assert.deepEqual(sets.sort(), ['h1,d1', 'h2,d2']);
    assert.equal(engine.schedules()[0]?.waiting.length, 1);
    for (let index = 0; index < 100; index += 1) await send(`x${index}`, 'heat', `room ${index}`);
    assert.equal(engine.schedules()[0]?.waiting.length, 100);
    assert.match(engine.schedules()[0]?.lastError ?? '', /100 sets of events wait/);
  });

  it('keeps the reason when an execution cannot be started', async () => {
    const clock = heldClock(START);
    const body = `input: { schema: { document: { type: array, items: { properties: { data: { type: object } } } } } }
schedule: { on: { any: [] } }\n${STEP}`;
    await using engine = await open(journalDir(), clock, body);
    await engine.publish(event('1', 'anything', 5));
    await clock.advance(1);
    assert.deepEqual(started(engine), []);
    assert.match(engine.schedules()[0]?.lastError ?? '', /input\/0\/data must be object/);
    assert.deepEqual(engine.read.schedules.starts(10), []);
  });
});

describe('a schedule', () => {
  it('stands still while it is paused, over a restart and a new version too, and goes on from its resume', async () => {
    const clock = heldClock(START);
    const dir = journalDir();
    const before = await open(dir, clock, `schedule: { every: PT1M }\n${STEP}`);
    await before.pauseSchedule('timed');
    await assert.rejects(before.pauseSchedule('timed'), { code: 'INVALID_STATE' });
    await clock.advance(3 * MINUTE);
    await before.close(0);
    await using engine = await open(dir, clock, `schedule: { every: PT2M }\n${STEP}`);
    await clock.advance(3 * MINUTE);
    assert.deepEqual(minutes(engine), []);
    assert.equal((await engine.resumeSchedule('timed')).dueAt, START + 8 * MINUTE);
    await assert.rejects(engine.resumeSchedule('timed'), { code: 'INVALID_STATE' });
    await clock.advance(4 * MINUTE);
    assert.deepEqual(minutes(engine), [8, 10]);
    await assert.rejects(engine.pauseSchedule('nowhere'), { code: 'WORKFLOW_NOT_FOUND' });
  });

  it('takes no event while it is paused', async () => {
    const clock = heldClock(START);
    await using engine = await open(journalDir(), clock, `schedule: { on: { any: [{ with: { type: t } }] } }\n${STEP}`);
    await engine.pauseSchedule('timed');
    assert.equal(await engine.publish(event('1', 't')), 0);
    await engine.resumeSchedule('timed');
    assert.equal(await engine.publish(event('1', 't')), 1);
  });

  it('is replaced by that of another version, and ends with one that has none', async () => {
    const clock = heldClock(START);
    await using engine = await open(journalDir(), clock, `schedule: { every: PT1M }\n${STEP}`);
    const register = (body: string): Promise<void> =>
      engine.register(loadDefinition(documentOf('timed', body), engine.functions));
    await clock.advance(1.5 * MINUTE);
    await register(`schedule: { every: PT2M }\n${STEP}`);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(minutes(engine), [1, 3.5]);
    await register(STEP);
    await clock.advance(10 * MINUTE);
    assert.deepEqual(minutes(engine), [1, 3.5]);
    assert.deepEqual(engine.schedules(), []);
    await assert.rejects(engine.pauseSchedule('timed'), { code: 'INVALID_STATE', message: /it has none/ });
  });

  it('is refused where it is wrong, with its pointer', () => {
    const issues = (body: string): string[] => {
      try {
        loadDefinition(documentOf('wrong', `${body}\n${STEP}`), countingFunctions().functions);
      } catch (error) {
        return pointersOf(error as PlatformError);
      }
      return [];
    };
    assert.deepEqual(issues('schedule: { every: PT0S }'), ['/schedule/every']);
    assert.deepEqual(issues('schedule: { after: { milliseconds: 999 } }'), ['/schedule/after']);
    assert.deepEqual(issues('schedule: { cron: every day }'), ['/schedule/cron']);
    assert.deepEqual(issues('schedule: { cron: "0 0 * * *", every: PT1M }'), ['/schedule']);
    assert.deepEqual(issues('schedule: {}'), ['/schedule']);
    assert.deepEqual(issues('schedule: { on: { one: { with: { type: t }, correlate: { c: { from: $context.x } } } } }'), [
      '/schedule/on/one/correlate/c/from',
    ]);
    assert.deepEqual(issues('schedule: { on: { any: [{ with: { type: t, data: "${ $input.x }" } }], until: "$workflow" } }'), [
      '/schedule/on/any/0/with/data',
      '/schedule/on/until',
    ]);
    assert.deepEqual(issues('schedule: { on: { one: { with: { type: "${ 5 | keys }" } } } }'), ['/schedule/on']);
    assert.deepEqual(issues('schedule: { every: PT1M }\ninput: { schema: { document: { type: object, required: [x] } } }'), [
      '/schedule',
    ]);
  });

  it('starts what is due exactly once, whenever the process ends and however often it is read again', async () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('wait' as const), n: fc.integer({ min: 0, max: 90_000 }) }),
        fc.record({ kind: fc.constant('send' as const), n: fc.nat(5) }),
        fc.record({ kind: fc.constantFrom('restart' as const, 'register' as const), n: fc.constant(0) }),
      ),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(moves, fc.constantFrom('every', 'on'), async (list, kind) => {
        const clock = heldClock(START);
        const dir = journalDir();
        const rule = kind === 'every' ? 'every: PT1M' : 'on: { any: [{ with: { type: t } }] }';
        const body = `schedule: { ${rule} }\n${STEP}`;
        let engine = await open(dir, clock, body);
        const sent = new Set<number>();
        let due = START + MINUTE;
        const expected: number[] = [];
        for (const { kind: move, n } of list) {
          if (move === 'wait') await clock.advance(n);
          else if (move === 'register') await engine.register(loadDefinition(documentOf('timed', body), engine.functions));
          else if (move === 'send') {
            assert.equal(await engine.publish(event(String(n), 't')), kind === 'on' && !sent.has(n) ? 1 : 0);
            sent.add(n);
          } else {
            // It ends in whatever it was doing, between a start and the note of it too.
            await engine.close(0);
            engine = await open(dir, clock, body);
          }
          for (; due <= clock.now(); due += MINUTE) expected.push((due - START) / MINUTE);
        }
        await clock.advance(0);
        if (kind === 'every') assert.deepEqual(minutes(engine), expected);
        else assert.equal(started(engine).length, sent.size);
        await engine.close(0);
      }),
      { numRuns: 30, seed: 20261121 },
    );
  });
});
