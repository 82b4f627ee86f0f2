import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ExecutionRecord, systemClock } from '@loopwright/protocol';
import { daySchema } from './day.ts';
import { ExecutionLog } from './execution-log.ts';
import { latestRecords } from './latest-records.ts';

const DAYS = ['2026-11-17', '2026-11-18', '2026-11-19'];
const PER_DAY = 40;

const recordOf = (day: string, n: number): ExecutionRecord => ({
  id: `${day}-${n}`,
  program_id: 'p',
  task_id: 'spam',
  version: 1,
  // Lines that cross the chunks in which files are read.
  input_data: { n, text: 'ü'.repeat(40_000) },
  output_data: { result: n },
  latency_ms: 1,
  memory_usage_mb: null,
  status: 'success',
  error_message: null,
  sampled_for_validation: false,
  validation_id: null,
  executed_at: `${day}T00:00:00.${String(n).padStart(3, '0')}Z`,
});

describe('latestRecords()', () => {
  let dir: string;
  let folder: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-latest-'));
    folder = join(dir, 'datasets/spam/executions');
    await using log = await ExecutionLog.open({ dir, taskId: 'spam', clock: systemClock });
    for (const day of DAYS) for (let n = 0; n < PER_DAY; n += 1) await log.append(recordOf(day, n));
    await log.compressBefore(daySchema.parse('2026-11-19'));
    await log.append(recordOf('2026-11-18', 500));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const idsOf = async (records: number, characters = 1e9, from = folder): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id } of latestRecords(from, { records, characters })) ids.unshift(id);
    return ids;
  };

  it('gives the newest ones, one after the other, over days, parts and compressed files', async () => {
    assert.deepEqual(await idsOf(3), ['2026-11-19-37', '2026-11-19-38', '2026-11-19-39']);
    const most = await idsOf(PER_DAY + 3);
    assert.deepEqual(most.slice(0, 4), ['2026-11-18-38', '2026-11-18-39', '2026-11-18-500', '2026-11-19-0']);
    assert.equal(most.length, PER_DAY + 3);
    assert.equal((await idsOf(10_000)).length, 3 * PER_DAY + 1);
  });

  it('holds no more bytes than it may, and leaves out a line that is being written', async () => {
    assert.ok((await idsOf(10_000, 200_000)).length < 6);
    await appendFile(join(folder, '2026-11-19.jsonl'), '{"id":"torn');
    assert.deepEqual(await idsOf(1), ['2026-11-19-39']);
    assert.deepEqual(await idsOf(5, 1000, join(dir, 'nothing')), []);
  });
});
