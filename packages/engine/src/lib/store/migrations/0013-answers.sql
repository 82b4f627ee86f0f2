-- The questions that were answered, the newest answer first, without going through all that were ever asked.
CREATE INDEX human_tasks_by_answer ON human_tasks (answered_at, id, project_id) WHERE answered_at IS NOT NULL;
