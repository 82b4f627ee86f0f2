-- The order of the events of all executions: one row a commit, `last` is the position of its last event. `spans` is a JSON array of numbers in
-- threes (execution, first seq, how many), in the order the events were written; positions count through them without holes.
CREATE TABLE event_positions (
  last INTEGER NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  spans TEXT NOT NULL
) STRICT;

-- Events from before are put in the order of their times.
INSERT INTO event_positions (last, at, spans)
  SELECT max(position), max(at), '[' || group_concat(execution || ',' || seq || ',1', ',' ORDER BY position) || ']'
  FROM (
    SELECT execution, seq, at, row_number() OVER (ORDER BY at, execution, seq) AS position
    FROM (
      SELECT execution, last_seq - json_array_length(events) + 1 + event.key AS seq, json_extract(event.value, '$[2]') AS at
      FROM history, json_each(history.events) AS event
    )
  )
  GROUP BY (position - 1) / 256;
