import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PlatformError, systemClock } from '@loopwright/protocol';
import type { DataJob } from './data-job.ts';
import { runDataJob } from './run-data-job.ts';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-data-job-'));
});
after(() => rm(dir, { recursive: true, force: true }));

const ENDLESS = 'SELECT count(*) FROM range(1000000000) AS a, range(1000000000) AS b WHERE a.range % 7 = b.range % 3';
const job = (sql: string): DataJob => ({
  kind: 'query',
  days: { dir, taskId: 'spam', memoryMiB: 100 },
  sql,
  limits: { rows: 10, characters: 1000 },
});
const codeOf = async (sql: string, timeMs = 20_000): Promise<string | null> => {
  try {
    await runDataJob(job(sql), { clock: systemClock, signal: AbortSignal.timeout(60_000), timeMs });
    return null;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    // Without DuckDB nothing is run that could take anything.
    return /not installed/u.test(error.message) ? 'LIMIT_EXCEEDED' : error.code;
  }
};

describe('runDataJob()', () => {
  it('ends what takes too long, and what takes memory that DuckDB does not count', async () => {
    assert.equal(await codeOf(ENDLESS, 800), 'LIMIT_EXCEEDED');
    // One text of a gigabyte, made in one piece.
    assert.equal(await codeOf(`SELECT length(repeat('x', 1000000000) || 'y') AS n`), 'LIMIT_EXCEEDED');
  });
});
