-- Who did what. Entries are added and never changed; each has the digest of the one before, so that a change of the file is found.
CREATE TABLE audit (
  seq INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('intent', 'outcome', 'refused', 'refusals', 'pruned')),
  intent_seq INTEGER,
  user_id TEXT,
  method TEXT,
  credential_id TEXT,
  address TEXT,
  user_agent TEXT,
  request_id TEXT,
  operation TEXT NOT NULL,
  object_kind TEXT,
  object_id TEXT,
  project_id TEXT,
  seen_digest TEXT,
  body_digest TEXT,
  before TEXT,
  after TEXT,
  status INTEGER,
  previous_digest TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_outcomes ON audit (intent_seq) WHERE intent_seq IS NOT NULL;
CREATE INDEX audit_by_user ON audit (user_id, seq);
CREATE INDEX audit_by_object ON audit (object_kind, object_id, seq);
CREATE INDEX audit_by_operation ON audit (operation, seq);
CREATE INDEX audit_by_project ON audit (project_id, seq);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_pruned ON audit (seq) WHERE kind = 'pruned';

-- REPLACE would delete without asking the trigger of DELETE.
CREATE TRIGGER audit_appended BEFORE INSERT ON audit
WHEN NEW.seq <= (SELECT max(seq) FROM audit) OR EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM audit WHERE intent_seq = NEW.intent_seq)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is never changed');
END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is never changed');
END;
-- What is removed was exported before, and an entry of the chain says so: its `object_id` is the last that may go.
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit WHERE kind = 'pruned' AND CAST(object_id AS INTEGER) >= OLD.seq AND seq > OLD.seq)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is never changed');
END;
