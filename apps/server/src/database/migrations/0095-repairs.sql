-- Programs that are made again because their traffic or their quality has drifted. A row stands here, with all that its execution is started with, before the execution is
-- started under the id of the repair: a crash in between starts the same one.
CREATE TABLE repairs (
  no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  repair_id TEXT NOT NULL UNIQUE,
  program TEXT NOT NULL,
  project_id TEXT NOT NULL,
  drift_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'promoted', 'rejected', 'failed', 'cancelled')),
  reason TEXT,
  -- 1: its execution was started, and that stands in the audit log.
  begun INTEGER NOT NULL CHECK (begun IN (0, 1)),
  input TEXT NOT NULL,
  budgets TEXT NOT NULL,
  examples TEXT NOT NULL,
  counterexamples INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX repairs_one_open ON repairs (program) WHERE state = 'open';
CREATE INDEX repairs_of_program ON repairs (program, no);
