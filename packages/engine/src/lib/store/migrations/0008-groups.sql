-- How many executions there are by workflow, project, definition and status: a total is read here and never counted.
CREATE TABLE execution_groups (
  no INTEGER NOT NULL PRIMARY KEY,
  workflow TEXT NOT NULL,
  project_id TEXT NOT NULL,
  definition_digest TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  UNIQUE (workflow, project_id, definition_digest, status)
) STRICT;
INSERT INTO execution_groups (workflow, project_id, definition_digest, status, count)
  SELECT workflow, project_id, definition_digest, status, count(*) FROM executions GROUP BY 1, 2, 3, 4;

ALTER TABLE executions ADD COLUMN group_no INTEGER NOT NULL DEFAULT 0;
UPDATE executions SET group_no = (
  SELECT no FROM execution_groups AS g
  WHERE g.workflow = executions.workflow AND g.project_id = executions.project_id
    AND g.definition_digest = executions.definition_digest AND g.status = executions.status
);

CREATE TRIGGER executions_counted AFTER DELETE ON executions BEGIN
  UPDATE execution_groups SET count = count - 1 WHERE no = OLD.group_no;
END;

-- 1 when all that is left to do waits for a person, a timer or an event, so that a restart need not look at it.
ALTER TABLE executions ADD COLUMN rests INTEGER NOT NULL DEFAULT 0;

-- The newest is the one with the greatest number; an index ends with it.
DROP INDEX executions_newest;
DROP INDEX executions_by_status;
DROP INDEX executions_by_definition;
CREATE INDEX executions_by_age ON executions (created_at);
CREATE INDEX executions_of_group ON executions (group_no);
CREATE INDEX executions_at_work ON executions (status)
  WHERE rests = 0 AND status IN ('running', 'waiting_clarification', 'waiting_acceptance');
