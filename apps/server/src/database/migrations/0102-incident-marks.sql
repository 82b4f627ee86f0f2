-- How much of what went wrong was told in the stream of events: failed executions of a day (`key` is its date) and wrong validations of a version (`key` is
-- its number), as the edge counts them. What is above is told with the next look.
CREATE TABLE incident_marks (
  program TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('execution', 'validation')),
  key TEXT NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (program, kind, key)
) STRICT, WITHOUT ROWID;
