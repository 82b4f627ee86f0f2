-- Estimates are reckoned from the calls of the same project: what others' prompts and answers were like is not for everybody to see.
-- NULL for a call of before in an execution that belongs to no run: nobody wrote down in which project it was made.
ALTER TABLE model_usage ADD COLUMN project_id TEXT;
UPDATE model_usage SET project_id = (
  SELECT runs.project_id FROM run_executions JOIN runs ON runs.run_id = run_executions.run_id
  WHERE run_executions.execution_id = model_usage.execution_id
);
DROP INDEX model_usage_by_unit;
DROP INDEX model_usage_by_model;
CREATE INDEX model_usage_by_unit ON model_usage (project_id, unit, provider, model, at);
CREATE INDEX model_usage_by_model ON model_usage (project_id, provider, model, at);

-- Figures of a run rest on the completed runs of its own project first.
CREATE INDEX runs_by_profile_of_project ON runs (project_id, profile, status, completed_at);
