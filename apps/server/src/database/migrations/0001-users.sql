-- Who the server knows. Roles and grants decide what they may; how they prove who they are stands in tables of its own.
CREATE TABLE users (
  user_id TEXT NOT NULL PRIMARY KEY,
  email TEXT,
  name TEXT,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) STRICT;
