-- Whom a question is for, so that those that are open are counted by it without reading them: NULL for anybody, '?' where the question is a file.
ALTER TABLE human_tasks ADD COLUMN assignee TEXT;
UPDATE human_tasks SET assignee = iif(substr(request, 1, 1) = '@', '?', json_extract(request, '$.for')) WHERE state = 'open';
CREATE INDEX human_tasks_by_assignee ON human_tasks (state, project_id, assignee);
