-- Moves from one version of a program to another. `settings`, `evidence` and `history` are JSON; `revision` grows with what people may have seen.
CREATE TABLE rollouts (
  rollout_id TEXT NOT NULL PRIMARY KEY,
  program TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('canary', 'shadow')),
  incumbent INTEGER NOT NULL,
  candidate INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('in_progress', 'paused', 'promoting', 'completed', 'rolled_back', 'failed')),
  status_reason TEXT,
  paused_by TEXT,
  stage INTEGER NOT NULL,
  stage_started_at INTEGER NOT NULL,
  stage_from_requests INTEGER NOT NULL,
  settings TEXT NOT NULL,
  evidence TEXT NOT NULL,
  history TEXT NOT NULL,
  comment TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  revision INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rollouts_under_way ON rollouts (program) WHERE status IN ('in_progress', 'paused', 'promoting');
CREATE INDEX rollouts_of_program ON rollouts (program, created_at);
