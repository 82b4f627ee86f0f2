CREATE TABLE definitions (
  digest TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `no` counts executions: what belongs to the newer ones lies together, so that a commit touches few pages.
CREATE TABLE executions (
  no INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  definition_digest TEXT NOT NULL REFERENCES definitions (digest),
  project_id TEXT NOT NULL,
  started_by TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  status TEXT NOT NULL,
  status_since INTEGER NOT NULL,
  current_step TEXT,
  input TEXT NOT NULL,
  output TEXT,
  error TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  completed_at INTEGER
) STRICT;
CREATE INDEX executions_newest ON executions (created_at DESC, id DESC);
CREATE INDEX executions_by_status ON executions (status, created_at DESC, id DESC);

CREATE TABLE journal (
  execution INTEGER NOT NULL REFERENCES executions (no),
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT,
  due_at INTEGER,
  remaining_ms INTEGER,
  created_at INTEGER NOT NULL,
  recorded_at INTEGER,
  PRIMARY KEY (execution, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_due ON journal (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE human_tasks (
  id TEXT NOT NULL PRIMARY KEY,
  execution_id TEXT NOT NULL REFERENCES executions (id),
  key TEXT NOT NULL,
  step TEXT NOT NULL,
  workflow TEXT NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  subject_digest TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  answered_at INTEGER,
  answered_by TEXT,
  answer_id TEXT,
  answer TEXT
) STRICT;
CREATE INDEX human_tasks_of_execution ON human_tasks (execution_id, created_at);
CREATE INDEX human_tasks_by_state ON human_tasks (state, created_at);

CREATE TABLE early_answers (
  execution_id TEXT NOT NULL REFERENCES executions (id),
  step TEXT NOT NULL,
  answer_id TEXT NOT NULL,
  answered_by TEXT NOT NULL,
  answer TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (execution_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  execution INTEGER NOT NULL REFERENCES executions (no),
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  step TEXT,
  at INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
