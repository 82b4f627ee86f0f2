-- One row for each call of a model that was answered: what estimates and the costs of making a program are reckoned from. Costs in billionths of a US dollar;
-- NULL where nobody knows. `unit` is what was being made: the name of the workflow, the phase and the agent.
CREATE TABLE model_usage (
  id TEXT NOT NULL PRIMARY KEY,
  execution_id TEXT NOT NULL,
  unit TEXT NOT NULL,
  agent TEXT NOT NULL,
  phase TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  prompt_characters INTEGER NOT NULL,
  input_tokens INTEGER,
  output_tokens INTEGER,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cost_nanos INTEGER,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX model_usage_by_unit ON model_usage (unit, at);
CREATE INDEX model_usage_by_model ON model_usage (provider, model, at);
CREATE INDEX model_usage_by_execution ON model_usage (execution_id);
