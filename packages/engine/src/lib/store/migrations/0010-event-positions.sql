-- The order of the events of all executions: one row a commit, `last` is the position of its last event. `spans` is a JSON array of numbers in
-- threes (execution, first seq, how many), in the order the events were written; positions count through them without holes.
CREATE TABLE event_positions (
  last INTEGER NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  spans TEXT NOT NULL
) STRICT;

-- Rows of the history from before are put in the order of the times at which they begin.
INSERT INTO event_positions (last, at, spans)
  SELECT max(last), max(at), '[' || group_concat(execution || ',' || first_seq || ',' || count, ',' ORDER BY last) || ']'
  FROM (
    SELECT execution, last_seq - count + 1 AS first_seq, count, at,
      sum(count) OVER (ORDER BY began, execution, last_seq) AS last,
      row_number() OVER (ORDER BY began, execution, last_seq) AS number
    FROM (
      SELECT execution, last_seq, json_array_length(events) AS count, json_extract(events, '$[0][2]') AS began, json_extract(events, '$[#-1][2]') AS at
      FROM history WHERE events IS NOT NULL
    )
  )
  GROUP BY (number - 1) / 256;
