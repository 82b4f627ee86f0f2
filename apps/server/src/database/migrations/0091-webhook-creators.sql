-- With what a webhook was made (JSON, see `webhooks/creator-rights.ts`): each delivery asks whether its creator may see that still. NULL for one of before:
-- then what its creator may today without any credential counts.
ALTER TABLE webhooks ADD COLUMN made_with TEXT;

-- What the server has decided and not yet told in the stream of events, which stands in another store. The id is that of the notice there.
CREATE TABLE pending_notices (
  id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  project_id TEXT,
  data TEXT NOT NULL
) STRICT;
