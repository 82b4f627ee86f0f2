-- What each person has used of their quotas on a day (UTC).
CREATE TABLE quota_use (
  user_id TEXT NOT NULL,
  day TEXT NOT NULL,
  kind TEXT NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (user_id, day, kind)
) STRICT, WITHOUT ROWID;
