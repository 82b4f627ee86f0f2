import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  type Clock,
  type DailyAnalytics,
  type ExecutionRecord,
  dailyAnalyticsSchema,
  isoTime,
  systemClock,
  validationRecordSchema,
} from '@loopwright/protocol';
import { calendarOf } from './day.ts';
import { ExecutionLog, type PlacedRecord } from './execution-log.ts';
import { RELATIVE_ERROR } from './latency-sketch.ts';
import { rangeAnalytics } from './range-analytics.ts';

const folders: string[] = [];
const noon = Date.parse('2026-03-10T12:00:00Z');

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-log-'));
  folders.push(dir);
  return dir;
}

function clockAt(milliseconds: number): Clock & { time: number } {
  const clock = { time: milliseconds, now: () => clock.time, schedule: () => () => undefined };
  return clock;
}

function record(id: string, changes: Partial<ExecutionRecord> = {}): ExecutionRecord {
  return {
    id,
    program_id: 'p',
    task_id: 'spam',
    version: 1,
    input_data: { text: 'line one\nline two' },
    output_data: { result: 'ham' },
    latency_ms: 1,
    memory_usage_mb: null,
    status: 'success',
    error_message: null,
    sampled_for_validation: false,
    validation_id: null,
    executed_at: isoTime(noon),
    ...changes,
  };
}

async function idsOf(log: ExecutionLog, day: string): Promise<string[]> {
  const ids = [];
  for await (const { id } of log.read(day)) ids.push(id);
  return ids;
}

/** Percentiles are right within half a percent, all else exactly. */
function assertNear(actual: DailyAnalytics, expected: DailyAnalytics): void {
  for (const key of ['p50_latency_ms', 'p99_latency_ms'] as const)
    assert.ok(Math.abs(actual[key] - expected[key]) <= RELATIVE_ERROR * expected[key], `${key}: ${actual[key]}`);
  const { p50_latency_ms, p99_latency_ms } = expected;
  assert.deepEqual({ ...actual, p50_latency_ms, p99_latency_ms }, expected);
}

after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

describe('ExecutionLog', () => {
  it('writes one line a record before it resolves, by UTC day', async () => {
    const dir = await folder();
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    await log.append(record('a'));
    const text = await readFile(join(dir, 'datasets/spam/executions/2026-03-10.jsonl'), 'utf8');
    assert.equal(text.indexOf('\n'), text.length - 1);
    assert.deepEqual(JSON.parse(text), record('a'));
    await Promise.all([
      log.append(record('b', { executed_at: '2026-03-10T23:59:59.999Z' })),
      log.append(record('c', { executed_at: '2026-03-11T01:30:00+02:00' })),
      log.append(record('d', { executed_at: '2026-03-11T00:00:00Z' })),
    ]);
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a', 'b', 'c']);
    assert.deepEqual(await idsOf(log, '2026-03-11'), ['d']);
    assert.deepEqual(await log.days(), ['2026-03-10', '2026-03-11']);
  });

  it('computes the day exactly, over successes only', async () => {
    const dir = await folder();
    const log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    const appends = Array.from({ length: 200 }, (_, n) =>
      log.append(record(`s${n}`, { latency_ms: ((n * 7) % 200) + 0.125, sampled_for_validation: n < 20 })),
    );
    appends.push(log.append(record('e', { status: 'error', latency_ms: 9000, output_data: null })));
    appends.push(log.append(record('t', { status: 'timeout', latency_ms: 1000, output_data: null })));
    await Promise.all(appends);
    assert.deepEqual(log.today, { total: 202, successful: 200, averageMs: 99.625 });
    await log.close();
    const path = join(dir, 'datasets/spam/analytics/daily-stats-2026-03-10.json');
    const written: unknown = JSON.parse(await readFile(path, 'utf8'));
    const expected = {
      date: '2026-03-10',
      total_executions: 202,
      successful_executions: 200,
      failed_executions: 2,
      success_rate: 200 / 202,
      sampled_count: 20,
      sampling_rate: 20 / 202,
      avg_latency_ms: 99.625,
      p50_latency_ms: 100.125,
      p99_latency_ms: 198.125,
    };
    assertNear(dailyAnalyticsSchema.parse(written), expected);
    assert.deepEqual(Object.keys(dailyAnalyticsSchema.parse(written)), Object.keys(expected));
    await using again = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    assert.deepEqual(again.today, { total: 202, successful: 200, averageMs: 99.625 });
    assertNear(await again.writeAnalytics('2026-03-10'), expected);
    assert.deepEqual({ date: '2026-03-10', ...(await again.exactFigures('2026-03-10')) }, expected);
  });

  it('gives zeros for a day without records', async () => {
    await using log = await ExecutionLog.open({ dir: await folder(), taskId: 'spam', clock: clockAt(noon) });
    const { date, ...figures } = await log.writeAnalytics('2026-01-01');
    assert.equal(date, '2026-01-01');
    assert.ok(Object.values(figures).every((figure) => figure === 0));
    await assert.rejects(log.writeAnalytics('../../x'), { code: 'STORE_FAILED' });
  });

  it('removes a line that a crash cut off, and counts it', async () => {
    const dir = await folder();
    const path = join(dir, 'datasets/spam/executions/2026-03-10.jsonl');
    await mkdir(join(dir, 'datasets/spam/executions'), { recursive: true });
    await writeFile(path, `${JSON.stringify(record('a'))}\n${JSON.stringify(record('b')).slice(0, 40)}`);
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    assert.equal(log.tornLines, 1);
    await log.append(record('c'));
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a', 'c']);
    await appendFile(path, 'no json\n{"id":1}\n');
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a', 'c']);
  });

  it('reads the other spelling of the source', async () => {
    const dir = await folder();
    await mkdir(join(dir, 'datasets/spam/executions'), { recursive: true });
    const { id, input_data: input, output_data: _, ...rest } = record('a');
    const line = JSON.stringify({ ...rest, execution_id: id, input, output: 'spam' });
    await writeFile(join(dir, 'datasets/spam/executions/2026-03-10.jsonl'), `${line}\n`);
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    for await (const first of log.read('2026-03-10')) {
      assert.equal(first.id, 'a');
      assert.deepEqual(first.input_data, record('a').input_data);
      assert.deepEqual(first.output_data, { result: 'spam' });
    }
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a']);
  });

  it('reports a full disk and goes on afterwards', { skip: process.platform !== 'linux' }, async () => {
    const dir = await folder();
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    await symlink('/dev/full', join(dir, 'datasets/spam/executions/2026-03-12.jsonl'));
    await assert.rejects(log.append(record('a', { executed_at: '2026-03-12T00:00:00Z' })), {
      code: 'STORE_FAILED',
      message: /ENOSPC/u,
    });
    await log.append(record('b'));
    assert.deepEqual(log.today, { total: 1, successful: 1, averageMs: 1 });
  });

  it('writes the figures of a day that is over, and starts the next one at zero', async () => {
    const dir = await folder();
    const clock = clockAt(noon);
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock });
    await log.append(record('a'));
    await log.rollOver();
    clock.time += 24 * 3_600_000;
    assert.equal(log.today.total, 0);
    await log.rollOver();
    const text = await readFile(join(dir, 'datasets/spam/analytics/daily-stats-2026-03-10.json'), 'utf8');
    assert.equal(dailyAnalyticsSchema.parse(JSON.parse(text)).total_executions, 1);
    await log.append(record('b', { executed_at: isoTime(clock.time) }));
    assert.equal(log.today.total, 1);
  });

  it('keeps what anybody puts into an input on one line, also what looks like a record', async () => {
    const dir = await folder();
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    const forged = `\n${JSON.stringify(record('forged'))}\r\n\u2028\u0000\uD800","status":"error"`;
    await log.append(record('a', { input_data: { text: forged, __proto__: null, ['\n']: forged } }));
    await log.append(record('b', { error_message: forged, status: 'error', output_data: null }));
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a', 'b']);
    const { total_executions, failed_executions } = await log.exactFigures('2026-03-10');
    assert.deepEqual({ total_executions, failed_executions }, { total_executions: 2, failed_executions: 1 });
  });

  it('counts only what its file has not counted after a crash, and what came late for a day that is over', async () => {
    const dir = await folder();
    const clock = clockAt(noon);
    const crashed = await ExecutionLog.open({ dir, taskId: 'spam', clock });
    for (const id of ['a', 'b']) await crashed.append(record(id));
    await crashed.rollOver();
    await crashed.append(record('c', { input_data: { text: 'x'.repeat(300) }, version: 2 }));
    // Not closed: this is what a crash leaves.
    const figuresFile = join(dir, 'datasets/spam/analytics/figures-2026-03-10.json');
    const before: unknown = JSON.parse(await readFile(figuresFile, 'utf8'));
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock });
    assert.equal(log.today.total, 3);
    clock.time += 24 * 3_600_000;
    await log.append(record('d', { executed_at: isoTime(clock.time) }));
    await log.rollOver();
    await log.append(record('late'));
    await log.rollOver();
    const figures = await log.figures('2026-03-10');
    assert.equal(figures.all.total, 4);
    assert.deepEqual(
      [...figures.versions].map(([version, { total }]) => [version, total]),
      [
        ['1', 3],
        ['2', 1],
      ],
    );
    assert.deepEqual(
      [...figures.slices].map(([slice, { total }]) => [slice, total]),
      [
        ['simple', 3],
        ['moderate', 1],
      ],
    );
    assert.deepEqual([...figures.hours.keys()], ['12']);
    const stats = join(dir, 'datasets/spam/analytics/daily-stats-2026-03-10.json');
    assert.equal(dailyAnalyticsSchema.parse(JSON.parse(await readFile(stats, 'utf8'))).total_executions, 4);
    // Records that were deleted still count, and so does a damaged file of figures as long as the records are there.
    await writeFile(figuresFile, JSON.stringify(before).slice(0, 50));
    assert.equal((await log.figures('2026-03-10')).all.total, 4);
    await log.writeAnalytics('2026-03-10');
    await log.deleteBefore('2026-03-11');
    const { total, days } = await rangeAnalytics(log, { from: '2026-03-01', to: '2026-03-31' });
    assert.equal(total.total_executions, 5);
    assert.deepEqual(
      days.map(({ date }) => date),
      ['2026-03-10', '2026-03-11'],
    );
  });

  it('reads compressed days as before, and late records of them', async () => {
    const dir = await folder();
    const clock = clockAt(noon);
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock });
    for (const id of ['a', 'b']) await log.append(record(id));
    const figures = await log.exactFigures('2026-03-10');
    clock.time += 24 * 3_600_000;
    assert.equal(await log.compressBefore('2026-03-11'), 1);
    const executions = join(dir, 'datasets/spam/executions');
    assert.deepEqual((await readdir(executions)).sort(), ['2026-03-10.0.jsonl.gz']);
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a', 'b']);
    assert.deepEqual(await log.exactFigures('2026-03-10'), figures);
    await log.append(record('late'));
    assert.deepEqual(await idsOf(log, '2026-03-10'), ['a', 'b', 'late']);
    assert.equal((await log.figures('2026-03-10')).all.total, 3);
    assert.equal(await log.compressBefore('2026-03-11'), 1);
    // A crash between the new name and the removal leaves both.
    await writeFile(join(executions, '2026-03-10.1.jsonl'), `${JSON.stringify(record('late'))}\n`);
    await using again = await ExecutionLog.open({ dir, taskId: 'spam', clock });
    assert.deepEqual(await idsOf(again, '2026-03-10'), ['a', 'b', 'late']);
    assert.equal(await again.compressBefore('2026-03-11'), 1);
    assert.deepEqual(await idsOf(again, '2026-03-10'), ['a', 'b', 'late']);
    assert.equal((await again.figures('2026-03-10')).all.total, 3);
  });

  it('acknowledges after the sync with full durability, and keeps validations', async () => {
    const dir = await folder();
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon), durability: 'full' });
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(record(`r${n}`))));
    assert.equal((await idsOf(log, '2026-03-10')).length, 100);
    const validation = validationRecordSchema.parse({
      id: 'v',
      execution_id: 'r1',
      program_id: 'p',
      oracle_output: 'ham',
      oracle_provider: 'people',
      match: true,
      validated_at: isoTime(noon),
    });
    await log.appendValidation(validation);
    const read = [];
    for await (const one of log.readValidations('2026-03-10')) read.push(one);
    assert.deepEqual(read, [validation]);
    const names = await readdir(join(dir, 'datasets/spam/validations'));
    assert.deepEqual(names, ['sampled-2026-03-10.jsonl']);
  });

  it('drops and counts what cannot be written where that is the policy', { skip: process.platform !== 'linux' }, async () => {
    const dir = await folder();
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon), whenFull: 'drop' });
    await symlink('/dev/full', join(dir, 'datasets/spam/executions/2026-03-12.jsonl'));
    await log.append(record('a', { executed_at: '2026-03-12T00:00:00Z' }));
    assert.equal(log.dropped, 1);
    await log.append(record('b'));
    assert.deepEqual([log.dropped, log.today.total], [1, 1]);
  });

  it('follows the records as they come, over the end of a day and a restart of the reader', async () => {
    const dir = await folder();
    const clock = { now: () => time, schedule: systemClock.schedule.bind(systemClock) };
    let time = noon;
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock });
    await log.append(record('a'));
    const seen: string[] = [];
    const follow = async (count: number, from?: PlacedRecord): Promise<PlacedRecord | undefined> => {
      const end = new AbortController();
      for await (const placed of log.tail({ ...(from === undefined ? {} : { from }), signal: end.signal })) {
        seen.push(placed.record.id);
        if (seen.length === count) return placed;
      }
      return undefined;
    };
    const first = follow(2);
    await log.append(record('b'));
    const place = await first;
    time += 24 * 3_600_000;
    const second = follow(4, place);
    await log.append(record('c'));
    await log.append(record('d', { executed_at: isoTime(time) }));
    await second;
    assert.deepEqual(seen, ['a', 'b', 'c', 'd']);
  });

  it('begins days at midnight of its zone, also where clocks are changed', async () => {
    const berlin = calendarOf('Europe/Berlin');
    assert.equal(berlin.dayOf(Date.parse('2026-03-28T22:59:59Z')), '2026-03-28');
    assert.equal(berlin.dayOf(Date.parse('2026-03-28T23:00:00Z')), '2026-03-29');
    assert.equal(berlin.dayOf(Date.parse('2026-03-29T21:59:59Z')), '2026-03-29');
    assert.equal(berlin.dayOf(Date.parse('2026-03-29T22:00:00Z')), '2026-03-30');
    assert.equal(berlin.daysBefore(Date.parse('2026-03-30T10:00:00Z'), 2), '2026-03-28');
    assert.equal(berlin.hourOf(Date.parse('2026-03-29T01:00:00Z')), 3);
    assert.equal(calendarOf('Asia/Kathmandu').dayOf(Date.parse('2026-01-01T18:15:00Z')), '2026-01-02');
    assert.throws(() => calendarOf('Nowhere/Else'), RangeError);
    await using log = await ExecutionLog.open({ dir: await folder(), taskId: 'spam', clock: clockAt(noon), calendar: berlin });
    await log.append(record('a', { executed_at: '2026-03-29T22:30:00Z' }));
    assert.deepEqual(await log.days(), ['2026-03-10', '2026-03-30']);
  });

  it('deletes days before a day and leaves other files alone', async () => {
    const dir = await folder();
    const executions = join(dir, 'datasets/spam/executions');
    await mkdir(executions, { recursive: true });
    for (const name of ['2026-03-01.jsonl', '2026-03-02.jsonl', '2026-13-99.jsonl', 'notes.txt'])
      await writeFile(join(executions, name), '');
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    assert.equal(await log.deleteBefore('2026-03-02'), 1);
    assert.deepEqual((await readdir(executions)).sort(), [
      '2026-03-02.jsonl',
      '2026-03-10.jsonl',
      '2026-13-99.jsonl',
      'notes.txt',
    ]);
  });
});
