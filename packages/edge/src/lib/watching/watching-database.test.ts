import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { Candidates } from '../validation/candidates.ts';
import { SampleQueue } from '../validation/sample-queue.ts';
import { ValidationCounts } from '../validation/validation-counts.ts';
import { openWatchingDatabase } from './watching-database.ts';

const CANDIDATE = {
  taskId: 'spam',
  programId: 'p',
  version: 1,
  inputJson: '"y"',
  outputJson: '"ham"',
  slice: 'simple',
};

it('a database of the first version keeps its samples and counts, and scores from then on', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-watching-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'datasets'));
  const old = new DatabaseSync(join(dir, 'datasets/watching.db'));
  old.exec(`
    CREATE TABLE validation_counts (
      task_id TEXT NOT NULL, version INTEGER NOT NULL, reason TEXT NOT NULL, slice TEXT NOT NULL, total INTEGER NOT NULL, matched INTEGER NOT NULL,
      PRIMARY KEY (task_id, version, reason, slice)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE oracle_costs (task_id TEXT NOT NULL, day TEXT NOT NULL, nanos INTEGER NOT NULL, PRIMARY KEY (task_id, day)) STRICT, WITHOUT ROWID;
    CREATE TABLE samples (
      no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, sample_id TEXT NOT NULL UNIQUE, task_id TEXT NOT NULL, program_id TEXT NOT NULL, version INTEGER,
      input TEXT NOT NULL, output TEXT NOT NULL, reason TEXT NOT NULL, slice TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL,
      claimed_by TEXT, claimed_until INTEGER, done_by TEXT, done_at INTEGER, validation TEXT, logged INTEGER NOT NULL DEFAULT 1
    ) STRICT;
    INSERT INTO samples (sample_id, task_id, program_id, version, input, output, reason, slice, state, created_at)
      VALUES ('one', 'spam', 'p', 1, '"x"', '"ham"', 'random', 'simple', 'open', 1000);
    INSERT INTO validation_counts VALUES ('spam', 1, 'random', 'simple', 10, 7);
    PRAGMA user_version = 1;`);
  old.close();
  for (let restart = 0; restart < 2; restart += 1) {
    const database = openWatchingDatabase(dir, 'process');
    const counts = new ValidationCounts({ database, clock: systemClock, limitUsd: null });
    const before = counts.versions('spam')[0];
    assert.deepEqual([before?.all.total, before?.average_score], [10 + restart, restart === 0 ? null : 0.5]);
    if (restart === 0)
      counts.add('spam', { version: 1, reason: 'random', slice: 'simple', match: false, similarity: 0.5, costUsd: 0 });
    const onTrouble = (error: unknown): void => assert.ifError(error);
    const queue = new SampleQueue({ database, clock: systemClock, queueLimit: 10, onTrouble });
    const { state, confidence } = queue.get('spam', 'one');
    assert.deepEqual([state, confidence], ['open', null]);
    const candidates = new Candidates({ database, queue, counts, random: systemRandom, onTrouble });
    for (let n = 0; n < 205; n += 1) candidates.add({ ...CANDIDATE, sampleId: `${restart}-${n}` });
    assert.equal(candidates.count('spam'), 200, 'the oldest are forgotten');
    assert.equal(candidates.list('spam').candidates[0]?.sample_id, `${restart}-5`);
    database.close();
  }
});
