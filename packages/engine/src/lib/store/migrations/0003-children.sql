-- The execution that runs this one by `run: workflow`, and under which key; how many lie above.
ALTER TABLE executions ADD COLUMN parent_id TEXT;
ALTER TABLE executions ADD COLUMN parent_key TEXT;
ALTER TABLE executions ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
CREATE INDEX executions_of_parent ON executions (parent_id, created_at) WHERE parent_id IS NOT NULL;
