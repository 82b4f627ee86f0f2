-- People see the questions of their projects only: the project stands beside each question, so that those of others are passed over in the index.
ALTER TABLE human_tasks ADD COLUMN project_id TEXT NOT NULL DEFAULT '';
UPDATE human_tasks SET project_id = (SELECT project_id FROM executions WHERE id = human_tasks.execution_id);
DROP INDEX human_tasks_by_state;
CREATE INDEX human_tasks_by_state ON human_tasks (state, created_at, id, project_id);

-- Which projects there are, and the groups of a few of them.
CREATE INDEX execution_groups_of_project ON execution_groups (project_id, status);
