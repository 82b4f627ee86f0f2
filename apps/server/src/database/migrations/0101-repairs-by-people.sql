-- Who asked for a repair, and what they said of it; NULL: drift opened it.
ALTER TABLE repairs ADD COLUMN requested_by TEXT;
ALTER TABLE repairs ADD COLUMN comment TEXT;
