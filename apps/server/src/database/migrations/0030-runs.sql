-- A run is an execution of a profile. This row is what was asked for; `status` to `error` and the phases are a projection of the engine's record
-- that is written again whenever it changes, and what is left of it when the history of the execution is compacted.
CREATE TABLE runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  profile TEXT NOT NULL,
  project_id TEXT NOT NULL,
  project_name TEXT NOT NULL,
  intake TEXT,
  metadata TEXT NOT NULL,
  inputs TEXT NOT NULL,
  budget TEXT,
  mode TEXT NOT NULL CHECK (mode IN ('manual', 'auto')),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  cloned_from TEXT,
  request_digest TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'paused', 'completed', 'failed', 'cancelled')),
  current_phase TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER,
  error TEXT,
  workspace_removed_at INTEGER
) STRICT;
CREATE INDEX runs_by_age ON runs (created_at, run_id);
CREATE INDEX runs_by_profile ON runs (profile, status, completed_at);
CREATE INDEX runs_by_status ON runs (status, completed_at);

CREATE TABLE run_phases (
  run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  phase TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'in_progress', 'completed', 'failed', 'skipped')),
  started_at INTEGER,
  completed_at INTEGER,
  advanced_by TEXT,
  skip_validation INTEGER NOT NULL,
  agents TEXT NOT NULL,
  usage TEXT NOT NULL,
  error TEXT,
  PRIMARY KEY (run_id, position)
) STRICT;

-- The executions that a run was, one after the other: its start, each retry, each rollback. The last one is `runs.execution_id`.
CREATE TABLE run_executions (
  execution_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('start', 'retry', 'rollback')),
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX run_executions_in_order ON run_executions (run_id, number);
