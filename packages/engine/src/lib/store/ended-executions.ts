import type { StatementSync } from 'node:sqlite';
import { filesOfEvents } from './history-row.ts';
import type { Row } from './rows.ts';
import { digestIn } from './value-files.ts';

/** Rows that one transaction deletes at most: the event loop stands still for some milliseconds, not for seconds. */
const ROWS_A_BATCH = 2000;
/** What looking after an execution costs besides its history, in deleted rows. */
const ROWS_AN_EXECUTION = 10;

type Prepare = (sql: string) => StatementSync;

/** What a batch of housekeeping did. */
export interface Batch {
  /** Whether there may be more to do. */
  readonly more: boolean;
  /** Ids of the executions that are gone. */
  readonly removed: readonly string[];
  /** Digests of large values that an execution gave up; another one may hold them still. */
  readonly released: readonly string[];
}

/**
 * Compacts executions that ended at or before a time: the journal goes, and of the history all but the last event. The earliest rows go first and
 * the journal after them, so whoever finds the first event of an ended execution finds its whole history.
 */
export function compactEnded(prepare: Prepare, endedBefore: number): Batch {
  const released: string[] = [];
  for (let left = ROWS_A_BATCH; left > 0;) {
    const from = prepare(`SELECT ended_at, execution FROM housekeeping WHERE task = 'compact'`).get();
    const next = prepare(
      `SELECT no, completed_at FROM executions WHERE completed_at IS NOT NULL AND completed_at <= ? AND (completed_at, no) > (?, ?)
       ORDER BY completed_at, no LIMIT 1`,
    ).get(endedBefore, from?.['ended_at'] ?? -1, from?.['execution'] ?? -1);
    if (next === undefined) return { more: false, removed: [], released };
    const no = Number(next['no']);
    left -= deleteHistory(prepare, no, { limit: left, lastEvent: false }) + ROWS_AN_EXECUTION;
    if (left <= 0) break;
    released.push(...releaseUnused(prepare, no));
    prepare(`INSERT OR REPLACE INTO housekeeping VALUES ('compact', ?, ?)`).run(Number(next['completed_at']), no);
  }
  return { more: true, removed: [], released };
}

/**
 * Removes executions that ended at or before a time, with all that belongs to them. Two stay whatever their age: the newest one, whose number must
 * not be given to another one, and one that was run by an execution which goes on.
 */
export function removeEnded(prepare: Prepare, endedBefore: number): Batch {
  const released: string[] = [];
  const removed: string[] = [];
  const owned = ownedTables(prepare);
  for (let left = ROWS_A_BATCH; left > 0;) {
    const next = prepare(
      `SELECT no, id FROM executions WHERE completed_at IS NOT NULL AND completed_at <= ? AND no < (SELECT max(no) FROM executions)
       AND NOT EXISTS (SELECT 1 FROM executions AS parent WHERE parent.id = executions.parent_id AND parent.completed_at IS NULL)
       ORDER BY completed_at, no LIMIT 1`,
    ).get(endedBefore);
    if (next === undefined) return { more: false, removed, released };
    const no = Number(next['no']);
    const id = String(next['id']);
    left -= deleteHistory(prepare, no, { limit: left, lastEvent: true }) + ROWS_AN_EXECUTION;
    if (left <= 0) break;
    for (const { digest } of prepare('SELECT digest FROM large_values WHERE execution = ?').all(no))
      released.push(String(digest));
    for (const { table, from, to } of owned) {
      left -= Number(prepare(`DELETE FROM "${table}" WHERE "${from}" = ?`).run(to === 'id' ? id : no).changes);
    }
    prepare('DELETE FROM executions WHERE no = ?').run(no);
    removed.push(id);
  }
  return { more: true, removed, released };
}

/** Deletes history and journal of an execution, `limit` rows at most; gives how many. */
function deleteHistory(prepare: Prepare, no: number, { limit, lastEvent }: { limit: number; lastEvent: boolean }): number {
  const last = lastEvent ? undefined : lastRow(prepare, no)?.['position'];
  const rows = Number(
    prepare(
      `DELETE FROM history WHERE position IN
       (SELECT position FROM history WHERE execution = ?1 AND position <> ?2 ORDER BY last_seq, position LIMIT ?3)`,
    ).run(no, last ?? 0, limit).changes,
  );
  if (rows === limit) return rows;
  if (last !== undefined) prepare(KEEP_LAST_EVENT).run(last);
  const entries = prepare(
    `DELETE FROM journal WHERE execution = ?1 AND key IN (SELECT key FROM journal WHERE execution = ?1 LIMIT ?2)`,
  ).run(no, limit - rows).changes;
  return rows + Number(entries);
}

const KEEP_LAST_EVENT = `UPDATE history SET events = json_array(json(events -> '$[#-1]')), results = NULL WHERE position = ?`;

/** The row of an execution that has its last event. */
function lastRow(prepare: Prepare, no: number): Row | undefined {
  return prepare(
    'SELECT position, events FROM history WHERE execution = ? AND events IS NOT NULL ORDER BY last_seq DESC LIMIT 1',
  ).get(no);
}

/** Every table whose rows belong to an execution. */
function ownedTables(prepare: Prepare): { table: string; from: string; to: string }[] {
  return prepare(
    `SELECT t.name AS owned, k."from" AS own_column, k."to" AS column_of_execution FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS k
     WHERE t.type = 'table' AND k."table" = 'executions' AND t.name <> 'executions'`,
  )
    .all()
    .map((row) => ({ table: String(row['owned']), from: String(row['own_column']), to: String(row['column_of_execution']) }));
}

/** Lets go of the large values that only the compacted part of an execution referred to. */
function releaseUnused(prepare: Prepare, no: number): string[] {
  const held = prepare('SELECT digest FROM large_values WHERE execution = ?').all(no);
  if (held.length === 0) return [];
  const used = new Set(
    prepare(
      `SELECT input AS value FROM executions WHERE no = ?1 UNION ALL SELECT output FROM executions WHERE no = ?1
       UNION ALL SELECT error FROM executions WHERE no = ?1
       UNION ALL SELECT request FROM human_tasks WHERE execution_id = (SELECT id FROM executions WHERE no = ?1)
       UNION ALL SELECT answer FROM human_tasks WHERE execution_id = (SELECT id FROM executions WHERE no = ?1)
       UNION ALL SELECT answer FROM early_answers WHERE execution_id = (SELECT id FROM executions WHERE no = ?1)`,
    )
      .all(no)
      .map(({ value }) => (typeof value === 'string' ? digestIn(value) : undefined)),
  );
  const last = lastRow(prepare, no);
  for (const digest of last === undefined ? [] : filesOfEvents(last)) used.add(digest);
  const unused = held.map(({ digest }) => String(digest)).filter((digest) => !used.has(digest));
  for (const digest of unused) prepare('DELETE FROM large_values WHERE execution = ? AND digest = ?').run(no, digest);
  return unused;
}
