CREATE TABLE schedules (
  workflow TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  project_id TEXT NOT NULL,
  due_at INTEGER,
  starts INTEGER NOT NULL,
  last_started_at INTEGER,
  last_execution_id TEXT,
  last_error TEXT,
  running TEXT NOT NULL,
  waiting TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What events have decided to start; a row is deleted once its execution is there.
CREATE TABLE scheduled_starts (
  execution_id TEXT NOT NULL PRIMARY KEY,
  workflow TEXT NOT NULL,
  input TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that a schedule has taken, so that one that is sent again starts nothing.
CREATE TABLE schedule_events (
  workflow TEXT NOT NULL,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (workflow, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_events_by_age ON schedule_events (workflow, at);
