-- The state of a run before and after each phase. Contents stand in files by their digest; `manifest` is the digest of the list of them.
CREATE TABLE checkpoints (
  run_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  checkpoint_id TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  key TEXT NOT NULL,
  phase TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('pre', 'post')),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  incomplete TEXT,
  state TEXT NOT NULL,
  governance TEXT,
  parent_id TEXT,
  archived_by TEXT,
  PRIMARY KEY (run_id, number),
  UNIQUE (run_id, checkpoint_id),
  UNIQUE (execution_id, key)
) STRICT;

-- Rollbacks that were begun; one that is not `done` or `undone` is completed when the server starts.
CREATE TABLE rollbacks (
  rollback_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL,
  checkpoint_id TEXT NOT NULL,
  from_execution TEXT NOT NULL,
  to_execution TEXT NOT NULL,
  task TEXT NOT NULL,
  reason TEXT,
  requested_by TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'undone')),
  archived TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX rollbacks_under_way ON rollbacks (run_id) WHERE state = 'begun';
CREATE INDEX rollbacks_by_run ON rollbacks (run_id, created_at);
