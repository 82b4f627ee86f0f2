-- What the gates of a phase said, one row a check. The journal of the execution has the same and decides; this is what is asked for by run.
CREATE TABLE governance_checks (
  execution_id TEXT NOT NULL,
  key TEXT NOT NULL,
  run_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  checked_at INTEGER NOT NULL,
  skipped_by TEXT,
  results TEXT,
  hygiene TEXT,
  policy TEXT NOT NULL,
  workspace_digest TEXT,
  override TEXT,
  archived_by TEXT,
  PRIMARY KEY (execution_id, key)
) STRICT;
CREATE INDEX governance_checks_by_run ON governance_checks (run_id, checked_at);
