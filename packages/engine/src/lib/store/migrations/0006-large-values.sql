-- Which executions hold which files of large values: a file goes when nobody holds it any more.
CREATE TABLE large_values (
  digest TEXT NOT NULL,
  execution INTEGER NOT NULL REFERENCES executions (no),
  PRIMARY KEY (digest, execution)
) STRICT, WITHOUT ROWID;
CREATE INDEX large_values_of_execution ON large_values (execution);

-- Ended executions in the order of their end, for those who compact and remove them.
CREATE INDEX executions_ended ON executions (completed_at) WHERE completed_at IS NOT NULL;

-- How far housekeeping came; one row a task.
CREATE TABLE housekeeping (
  task TEXT NOT NULL PRIMARY KEY,
  ended_at INTEGER NOT NULL,
  execution INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
