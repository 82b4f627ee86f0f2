-- How a version of a program differs from the one that was active, as it was shown to people. `report` is JSON.
CREATE TABLE behaviour_diffs (
  diff_id TEXT NOT NULL PRIMARY KEY,
  program TEXT NOT NULL,
  candidate INTEGER NOT NULL,
  incumbent INTEGER NOT NULL,
  execution_id TEXT,
  requested_by TEXT,
  created_at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  report TEXT NOT NULL
) STRICT;
CREATE INDEX behaviour_diffs_of_version ON behaviour_diffs (program, candidate, created_at);
