import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { steadyLimits } from './steady-limits.ts';

/** How often SQLite planned a prepared statement again while it ran ten times. */
function plannedAgain(sql: string): number {
  const database = new DatabaseSync(':memory:');
  let plans = 0;
  // Whenever a statement is planned, SQLite asks whether it may read.
  database.setAuthorizer(() => {
    plans += 1;
    return 0;
  });
  const statement = database.prepare(sql);
  const first = plans;
  for (let round = 0; round < 10; round += 1) statement.all(round + 1, 0);
  database.close();
  return (plans - first) / first;
}

describe('steadyLimits()', () => {
  const rows = "SELECT value FROM json_each('[1,2,3]') ORDER BY value LIMIT ? OFFSET ?";

  it('lets a statement be planned once, however many rows are asked for', () => {
    assert.equal(plannedAgain(steadyLimits(rows)), 0);
    assert.ok(plannedAgain(rows) > 0, 'else SQLite does without it by now');
  });

  it('changes nothing of what comes', () => {
    const database = new DatabaseSync(':memory:');
    const values = (sql: string): unknown[] =>
      database
        .prepare(sql)
        .all(2, 1)
        .map((row) => row['value']);
    assert.deepEqual(
      [values(steadyLimits(rows)), values(rows)],
      [
        [2, 3],
        [2, 3],
      ],
    );
    database.close();
  });
});
