-- What the platform itself tells and no execution has, such as that a webhook was disabled. In the order of all events its spans have the number 0, which is
-- that of no execution, and the numbers of these rows, which are never given again. `project_id` is NULL for what concerns all projects.
CREATE TABLE notices (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  project_id TEXT,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX notices_by_age ON notices (at);
