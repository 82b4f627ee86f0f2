import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ExecutionRecord, isoTime } from '@loopwright/protocol';
import { openDayQueries } from './day-queries.ts';
import { Datasets, type DatasetsOptions } from './datasets.ts';
import { ExecutionLog } from './execution-log.ts';

const noon = Date.parse('2026-03-10T12:00:00Z');
const folders: string[] = [];
after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

async function setUp(options: Partial<DatasetsOptions> = {}): Promise<{ dir: string; said: string[]; datasets: Datasets }> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-datasets-'));
  folders.push(dir);
  const said: string[] = [];
  const clock = { now: () => noon, schedule: () => () => undefined };
  return { dir, said, datasets: new Datasets({ dir, clock, log: (message) => said.push(message), ...options }) };
}

function record(id: string, executedAt: number): ExecutionRecord {
  return {
    id,
    program_id: 'p',
    task_id: 'spam',
    version: 1,
    input_data: { text: `it's, "quoted"\n${id}` },
    output_data: { result: 'ham' },
    latency_ms: 2,
    memory_usage_mb: null,
    status: 'success',
    error_message: null,
    sampled_for_validation: false,
    validation_id: null,
    executed_at: isoTime(executedAt),
  };
}

async function fill(datasets: Datasets, days: number): Promise<void> {
  const log = await datasets.of('spam');
  for (let day = days - 1; day >= 0; day -= 1) await log.append(record(`d${day}`, noon - day * 86_400_000));
}

const executionsOf = async (dir: string): Promise<string[]> => (await readdir(join(dir, 'datasets/spam/executions'))).sort();

describe('Datasets', () => {
  it('deletes by days, compresses what is over, and does so again when it is told otherwise', async () => {
    const { dir, datasets } = await setUp({ retentionDays: 4, compressAfterDays: 2 });
    await fill(datasets, 6);
    await datasets.maintain();
    assert.deepEqual(await executionsOf(dir), [
      '2026-03-07.0.jsonl.gz',
      '2026-03-08.0.jsonl.gz',
      '2026-03-09.jsonl',
      '2026-03-10.jsonl',
    ]);
    datasets.retain({ retentionDays: 1 });
    await datasets.maintain();
    assert.deepEqual(await executionsOf(dir), ['2026-03-10.jsonl']);
    const { all } = await (await datasets.of('spam')).figures('2026-03-08');
    assert.equal(all.total, 1);
    await datasets.close();
  });

  it('deletes the oldest days of all programs by size, also of those that are not open, never today', async () => {
    const { dir, datasets, said } = await setUp({ maxBytes: 2500 });
    const other = join(dir, 'datasets/other/executions');
    await mkdir(other, { recursive: true });
    await writeFile(join(other, '2026-01-01.jsonl'), `${'x'.repeat(5000)}\n`);
    await fill(datasets, 3);
    await datasets.maintain();
    // Its figures were counted first: it is open now.
    assert.deepEqual(await readdir(other), ['2026-03-10.jsonl']);
    assert.match(said.join('\n'), /^Deleted \d old file\(s\) of records/mu);
    datasets.retain({ maxBytes: 1 });
    await datasets.maintain();
    assert.deepEqual(await executionsOf(dir), ['2026-03-10.jsonl']);
    assert.match(said.at(-1) ?? '', /^The records of today have \d+ bytes, more than the 1 that are allowed; they are kept$/u);
    await datasets.close();
  });

  for (const [name, retention] of [
    ['days', { retentionDays: 1 }],
    ['size', { maxBytes: 1 }],
  ] as const)
    it(`counts what a crash left uncounted before it deletes the records, by ${name}`, async () => {
      const { dir, datasets } = await setUp(retention);
      const yesterday = noon - 86_400_000;
      const clock = { now: () => yesterday, schedule: () => () => undefined };
      const crashed = await ExecutionLog.open({ dir, taskId: 'spam', clock });
      await crashed.append(record('counted', yesterday));
      await crashed.rollOver();
      await crashed.append(record('not counted', yesterday));
      const log = await datasets.of('spam');
      await datasets.maintain();
      assert.deepEqual(await log.days(), ['2026-03-10']);
      assert.equal((await log.figures('2026-03-09')).all.total, 2);
      await datasets.close();
    });

  it('gives a reader every line, also of a part that is compressed while it reads', async () => {
    const { datasets } = await setUp();
    const log = await datasets.of('spam');
    const yesterday = noon - 86_400_000;
    await log.append(record('first part', yesterday));
    await log.compressBefore('2026-03-10');
    await log.append(record('second part', yesterday));
    const ids: string[] = [];
    for await (const { id } of log.read('2026-03-09')) {
      ids.push(id);
      await log.compressBefore('2026-03-10');
    }
    assert.deepEqual(ids, ['first part', 'second part']);
    await datasets.close();
  });

  it('says what a crash cut off, and what it could not write', { skip: process.platform !== 'linux' }, async () => {
    const { dir, datasets, said } = await setUp({ whenFull: 'drop' });
    const executions = join(dir, 'datasets/spam/executions');
    await mkdir(executions, { recursive: true });
    await writeFile(join(executions, '2026-03-10.jsonl'), '{"id":');
    await symlink('/dev/full', join(executions, '2026-03-12.jsonl'));
    const log = await datasets.of('spam');
    await log.append(record('lost', noon + 2 * 86_400_000));
    await datasets.maintain();
    await datasets.maintain();
    assert.deepEqual(said, [
      'Removed 1 line(s) of "spam" that a crash had cut off; they were never acknowledged',
      'Lost 1 record(s) of "spam" since the start: they could not be written',
    ]);
    await datasets.close();
  });
});

describe('openDayQueries', () => {
  it('asks many days by SQL, compressed or not, and nothing else', async (context) => {
    const { dir, datasets } = await setUp({ compressAfterDays: 2 });
    await fill(datasets, 4);
    await datasets.maintain();
    if (!(await hasDuckDb())) return context.skip('@duckdb/node-api is not installed');
    const queries = await openDayQueries({ dir, taskId: 'spam', from: '2026-03-08' });
    const sql = `SELECT count(*)::INTEGER AS n, min(input_data->>'text') AS text, avg(latency_ms) AS mean FROM executions`;
    assert.deepEqual(await queries.query(sql), { rows: [{ n: 3, text: `it's, "quoted"\nd0`, mean: 2 }], truncated: false });
    const one = await queries.query('SELECT id FROM executions', { rows: 1 });
    assert.deepEqual([one.rows.length, one.truncated], [1, true]);
    const few = await queries.query('SELECT id FROM executions', { characters: 30 });
    assert.deepEqual([few.rows.length, few.truncated], [2, true]);
    await writeFile(join(dir, 'secret.csv'), 'a\n1\n');
    for (const attack of [
      `SELECT * FROM read_csv('${join(dir, 'secret.csv')}')`,
      `COPY executions TO '${join(dir, 'stolen.csv')}'`,
      'SET enable_external_access = true',
      `ATTACH '${join(dir, 'other.db')}'`,
      // Not even where it may read.
      `COPY executions TO '${join(dir, 'datasets/spam/executions/2026-03-01.jsonl')}'`,
      `SELECT 1; COPY executions TO '${join(dir, 'datasets/spam/executions/2026-03-01.jsonl')}'`,
      `CREATE TABLE stolen AS SELECT * FROM executions`,
      '',
      'INSTALL httpfs',
      'no sql',
    ])
      await assert.rejects(queries.query(attack), { code: 'VALIDATION_ERROR' }, attack);
    const greedy = 'SELECT list(a.range) AS l FROM range(1000000000) AS a';
    await assert.rejects(queries.query(greedy), { code: 'LIMIT_EXCEEDED' });
    await queries.close();
    const none = await openDayQueries({ dir, taskId: 'spam', from: '2027-01-01' });
    assert.deepEqual(await none.query('SELECT count(*)::INTEGER AS n, max(latency_ms) AS max FROM executions'), {
      rows: [{ n: 0, max: null }],
      truncated: false,
    });
    await none.close();
    return datasets.close();
  });
});

async function hasDuckDb(): Promise<boolean> {
  try {
    return (await import('@duckdb/node-api')) !== undefined;
  } catch {
    return false;
  }
}
