-- 1 when `state.json` says what the run came to in the end. A process that dies between the row and the file leaves 0, and the next one writes the
-- file. Runs that have not ended are written again at each start, so that only those that have need to be known.
ALTER TABLE runs ADD COLUMN state_exported INTEGER NOT NULL DEFAULT 1 CHECK (state_exported IN (0, 1));
CREATE INDEX runs_not_exported ON runs (run_id) WHERE state_exported = 0;
