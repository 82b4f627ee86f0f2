CREATE TABLE listeners (
  type TEXT NOT NULL,
  execution_id TEXT NOT NULL REFERENCES executions (id),
  key TEXT NOT NULL,
  PRIMARY KEY (type, execution_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX listeners_of_execution ON listeners (execution_id, key);
