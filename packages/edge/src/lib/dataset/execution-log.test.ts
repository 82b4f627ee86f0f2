import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Clock, type ExecutionRecord, dailyAnalyticsSchema, isoTime } from '@loopwright/protocol';
import { ExecutionLog } from './execution-log.ts';

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

after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

describe('ExecutionLog', () => {
  it('writes one line a record before it resolves, by UTC day', async () => {
    const dir = await folder();
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    await log.append(record('a'));
    const text = await readFile(join(dir, 'datasets/spam/executions/2026-03-10.jsonl'), 'utf8');
    assert.equal(text, `${JSON.stringify(record('a'))}\n`);
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
    assert.deepEqual(written, expected);
    assert.deepEqual(Object.keys(dailyAnalyticsSchema.parse(written)), Object.keys(expected));
    await using again = await ExecutionLog.open({ dir, taskId: 'spam', clock: clockAt(noon) });
    assert.deepEqual(again.today, { total: 202, successful: 200, averageMs: 99.625 });
    assert.deepEqual(await again.writeAnalytics('2026-03-10'), expected);
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
    assert.equal(await log.rollOver(), false);
    clock.time += 24 * 3_600_000;
    assert.equal(log.today.total, 0);
    assert.equal(await log.rollOver(), true);
    const text = await readFile(join(dir, 'datasets/spam/analytics/daily-stats-2026-03-10.json'), 'utf8');
    assert.equal(dailyAnalyticsSchema.parse(JSON.parse(text)).total_executions, 1);
    await log.append(record('b', { executed_at: isoTime(clock.time) }));
    assert.equal(log.today.total, 1);
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
