import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlatformError, messageOf } from '@loopwright/protocol';

const SCHEMA_VERSION = 3;
const CANDIDATES = `
CREATE TABLE candidates (
  no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  sample_id TEXT NOT NULL UNIQUE,
  task_id TEXT NOT NULL,
  program_id TEXT NOT NULL,
  version INTEGER,
  input TEXT NOT NULL,
  output TEXT NOT NULL,
  slice TEXT NOT NULL
) STRICT;
CREATE INDEX candidates_by_task ON candidates (task_id, no);`;
const SCHEMA = `
CREATE TABLE samples (
  no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  sample_id TEXT NOT NULL UNIQUE,
  task_id TEXT NOT NULL,
  program_id TEXT NOT NULL,
  version INTEGER,
  input TEXT NOT NULL,
  output TEXT NOT NULL,
  reason TEXT NOT NULL,
  slice TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'answered', 'skipped', 'expired')),
  created_at INTEGER NOT NULL,
  claimed_by TEXT,
  claimed_until INTEGER,
  done_by TEXT,
  done_at INTEGER,
  validation TEXT,
  -- How sure the model was that the output is right.
  confidence REAL,
  -- 0: the validation is not known to stand in the data set.
  logged INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX samples_by_state ON samples (task_id, state, no);
CREATE INDEX samples_unlogged ON samples (task_id) WHERE logged = 0;
CREATE TABLE validation_counts (
  task_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  reason TEXT NOT NULL,
  slice TEXT NOT NULL,
  total INTEGER NOT NULL,
  matched INTEGER NOT NULL,
  -- How alike the outputs were, over those that were counted since this is.
  scored INTEGER NOT NULL DEFAULT 0,
  score_sum REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (task_id, version, reason, slice)
) STRICT, WITHOUT ROWID;
CREATE TABLE oracle_costs (
  task_id TEXT NOT NULL,
  day TEXT NOT NULL,
  nanos INTEGER NOT NULL,
  PRIMARY KEY (task_id, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE drift_states (
  task_id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
${CANDIDATES}
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** What databases of the versions before are given, one after the other. */
const FROM_1 = `
ALTER TABLE validation_counts ADD COLUMN scored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE validation_counts ADD COLUMN score_sum REAL NOT NULL DEFAULT 0;
`;
const FROM_2 = `
ALTER TABLE samples ADD COLUMN confidence REAL;
${CANDIDATES}
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens `datasets/watching.db`: the samples of all programs that wait for answers, what the answers came to, and the state of the drift watches.
 *
 * @throws PlatformError STORE_FAILED
 */
export function openWatchingDatabase(dir: string, durability: 'process' | 'full'): DatabaseSync {
  const folder = join(dir, 'datasets');
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    database = new DatabaseSync(join(folder, 'watching.db'));
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}; PRAGMA busy_timeout = 5000;`,
    );
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT;`);
    else if (version === 1) database.exec(`BEGIN; ${FROM_1} ${FROM_2} COMMIT;`);
    else if (version === 2) database.exec(`BEGIN; ${FROM_2} COMMIT;`);
    else if (version !== SCHEMA_VERSION) throw new Error('a newer program wrote it');
    return database;
  } catch (error) {
    database?.close();
    throw new PlatformError('STORE_FAILED', `Cannot open "${join(folder, 'watching.db')}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}
