-- How many executions a definition has, and in which state.
CREATE INDEX executions_by_definition ON executions (definition_digest, status);
