-- Amounts in billionths of a US dollar and in milliseconds; a limit that is NULL does not hold.
CREATE TABLE budgets (
  execution INTEGER NOT NULL PRIMARY KEY REFERENCES executions (no) ON DELETE CASCADE,
  cost_limit INTEGER,
  tokens_limit INTEGER,
  attempts_limit INTEGER,
  wall_limit INTEGER,
  cost INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  wall_since INTEGER,
  reached TEXT
) STRICT;

CREATE TABLE budget_additions (
  execution INTEGER NOT NULL REFERENCES executions (no) ON DELETE CASCADE,
  addition_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (execution, addition_id)
) STRICT, WITHOUT ROWID;

-- Executions that need a slot to run, or have a priority of their own. The smallest rank is the next one.
CREATE TABLE admissions (
  execution INTEGER NOT NULL PRIMARY KEY REFERENCES executions (no) ON DELETE CASCADE,
  workflow TEXT NOT NULL,
  key TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,
  rank INTEGER NOT NULL
) STRICT;
CREATE INDEX admissions_waiting ON admissions (workflow, rank, execution, key) WHERE state = 'waiting';
CREATE INDEX admissions_by_key ON admissions (workflow, key, rank, execution) WHERE state = 'waiting';
CREATE INDEX admissions_admitted ON admissions (execution) WHERE state = 'admitted';
