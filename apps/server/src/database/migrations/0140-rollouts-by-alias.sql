-- A rollout shares the requests of one alias: each of a program may have one under way.
ALTER TABLE rollouts ADD COLUMN alias TEXT NOT NULL DEFAULT 'active';
DROP INDEX rollouts_under_way;
CREATE UNIQUE INDEX rollouts_under_way ON rollouts (program, alias) WHERE status IN ('in_progress', 'paused', 'promoting');
