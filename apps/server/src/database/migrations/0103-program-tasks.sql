-- What programs are to do, as the source's task specifications say it: a repair of a program that no execution has made goes by it. Schemas are JSON; `examples`
-- is the digest of a set, NULL without any.
CREATE TABLE program_tasks (
  name TEXT NOT NULL PRIMARY KEY,
  description TEXT NOT NULL,
  input_schema TEXT NOT NULL,
  output_schema TEXT NOT NULL,
  examples TEXT,
  accuracy_target REAL NOT NULL,
  latency_target_ms REAL NOT NULL,
  sampling_rate REAL NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
