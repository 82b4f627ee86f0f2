-- How users prove who they are. Secrets are random, 256 bits, and stand here as SHA-256 digests only.
CREATE TABLE api_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  secret_digest TEXT NOT NULL,
  previous_digest TEXT,
  previous_until INTEGER,
  role_cap TEXT CHECK (role_cap IN ('viewer', 'operator', 'admin')),
  scopes TEXT,
  projects TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at DESC, key_id DESC);
CREATE INDEX api_keys_by_age ON api_keys (created_at DESC, key_id DESC);

CREATE TABLE sessions (
  session_id TEXT NOT NULL PRIMARY KEY,
  secret_digest TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  key_id TEXT REFERENCES api_keys (key_id) ON DELETE CASCADE,
  role TEXT CHECK (role IN ('viewer', 'operator', 'admin')),
  grants TEXT,
  address TEXT,
  user_agent TEXT,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at DESC, session_id DESC);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_key ON sessions (key_id);
