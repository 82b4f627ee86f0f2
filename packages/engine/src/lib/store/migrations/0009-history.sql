-- What one commit recorded of one execution: its events, and the results of its steps. Rows are only appended, so that a commit of many executions
-- touches few pages. `events`: [[type, step, at, data], …]; the last of them has the number `last_seq`, and they have no gaps. `results`:
-- [[key, name, state, createdAt, recordedAt, [value]], …]. In place of data or [value] stands the name of a file when it is large.
-- `journal` keeps what is not the result of a step.
CREATE TABLE history (
  position INTEGER NOT NULL PRIMARY KEY,
  execution INTEGER NOT NULL REFERENCES executions (no),
  last_seq INTEGER NOT NULL,
  events TEXT,
  results TEXT
) STRICT;

INSERT INTO history (execution, last_seq, events)
  SELECT execution, max(seq),
    json_group_array(json_array(type, step, at, iif(substr(data, 1, 1) = '@', data, json(data))) ORDER BY seq)
  FROM events GROUP BY execution, (seq - 1) / 100 ORDER BY execution, min(seq);

INSERT INTO history (execution, last_seq, results)
  SELECT execution, coalesce((SELECT max(seq) FROM events WHERE events.execution = steps.execution), 0),
    json_group_array(json_array(key, name, state, created_at, recorded_at, iif(substr(value, 1, 1) = '@', value, json_array(json(value)))) ORDER BY number)
  FROM (
    SELECT *, row_number() OVER (PARTITION BY execution ORDER BY recorded_at, key) AS number
    FROM journal WHERE kind = 'step' AND state IN ('done', 'failed')
  ) AS steps
  GROUP BY execution, (number - 1) / 100 ORDER BY execution, min(number);

DELETE FROM journal WHERE kind = 'step' AND state IN ('done', 'failed');
DROP TABLE events;
CREATE INDEX history_of_execution ON history (execution, last_seq);
