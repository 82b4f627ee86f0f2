-- Who is told of events by HTTP. Secrets are encrypted; `why` says what nobody but the server decided.
CREATE TABLE webhooks (
  webhook_id TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,
  event_types TEXT NOT NULL,
  project_id TEXT,
  description TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  disabled_why TEXT,
  secret TEXT NOT NULL,
  previous_secret TEXT,
  previous_secret_until INTEGER,
  rotation_key TEXT,
  request_digest TEXT NOT NULL,
  from_position INTEGER NOT NULL,
  failing_since INTEGER,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- How far the stream of all executions was made into deliveries; one row.
CREATE TABLE webhook_cursor (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_deliveries (
  no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  delivery_id TEXT NOT NULL UNIQUE,
  webhook_id TEXT NOT NULL REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
  event_type TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts INTEGER NOT NULL,
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  delivered_at INTEGER
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at, no) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, no);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

CREATE TABLE webhook_attempts (
  delivery INTEGER NOT NULL REFERENCES webhook_deliveries (no) ON DELETE CASCADE,
  attempt INTEGER NOT NULL,
  at INTEGER NOT NULL,
  response_status INTEGER,
  response_body TEXT,
  error TEXT,
  latency_ms INTEGER NOT NULL,
  PRIMARY KEY (delivery, attempt)
) STRICT, WITHOUT ROWID;
