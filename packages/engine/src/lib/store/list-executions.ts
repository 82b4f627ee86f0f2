import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { ExecutionQuery } from '../execution/execution.ts';
import {
  type Condition,
  all,
  either,
  groupConditions,
  idBegins,
  namesContain,
  not,
  orderedColumn,
  rowConditions,
} from './execution-conditions.ts';
import { type FoundListed, type Listed, listGrouped } from './grouped-executions.ts';
import type { Row } from './rows.ts';

type Prepare = (sql: string) => StatementSync;

/** One page as it is stored. */
interface ExecutionRows {
  readonly rows: Row[];
  readonly total: number;
  readonly next: number | null;
}

/** One page of executions, whether more follow, and how many there are in all. */
export function listExecutions(prepare: Prepare, query: ExecutionQuery): ExecutionRows {
  const { limit, offset = 0 } = query;
  const { listed, total } = find(prepare, query, offset + limit + 1);
  const byNumber = prepare('SELECT * FROM executions WHERE no = ?');
  const page = listed.slice(offset, offset + limit);
  const rows = page.map(({ no }) => byNumber.get(no)).filter((row) => row !== undefined);
  return { rows, total, next: listed.length > offset + limit ? (page.at(-1)?.no ?? null) : null };
}

function find(prepare: Prepare, query: ExecutionQuery, wanted: number): FoundListed {
  const { text, createdFrom, createdBefore, ids } = query;
  const hasText = text === undefined ? [] : [either(namesContain(text), idBegins(text))];
  if (ids !== undefined) return listRows(prepare, query, { wanted, from: 'executions', more: hasText });
  if (createdFrom !== undefined || createdBefore !== undefined)
    return listRows(prepare, query, { wanted, from: 'executions INDEXED BY executions_by_age', more: hasText });
  const grouped = listGrouped(prepare, query, wanted);
  if (text === undefined) return grouped;
  const more = [idBegins(text), not(namesContain(text))];
  const begun = listRows(prepare, query, { wanted, from: 'executions', more });
  const listed = [...grouped.listed, ...begun.listed].sort(comparing(query)).slice(0, wanted);
  return { listed, total: grouped.total + begun.total };
}

/** Executions that are looked at one by one; costs as much as there are in the times, among the ids, or with the beginning of the id that are asked for. */
function listRows(
  prepare: Prepare,
  query: ExecutionQuery,
  { wanted, from, more }: { readonly wanted: number; readonly from: string; readonly more: readonly Condition[] },
): FoundListed {
  const fitting = all([...groupConditions(query), ...rowConditions(query), ...more]);
  const column = orderedColumn(query.order);
  const direction = query.order === undefined || query.order.isDescending ? 'DESC' : 'ASC';
  // The number alone would be read in its own order, past all that do not fit.
  const order = column === undefined ? `+no ${direction}` : `${column} ${direction}, +no DESC`;
  const behind = placeCondition(query);
  const listed = prepare(
    `SELECT no, ${column ?? 'NULL'} AS value FROM ${from} WHERE ${fitting.sql} AND ${behind.sql} ORDER BY ${order} LIMIT ?`,
  )
    .all(...fitting.values, ...behind.values, wanted)
    .map((row): Listed => ({ no: Number(row['no']), value: row['value'] === null ? null : String(row['value']) }));
  const counted = prepare(`SELECT count(*) AS total FROM ${from} WHERE ${fitting.sql}`).get(...fitting.values);
  return { listed, total: Number(counted?.['total'] ?? 0) };
}

/** That an execution comes behind the place of the query. */
function placeCondition({ before, order }: ExecutionQuery): Condition {
  if (before === undefined) return { sql: 'TRUE', values: [] };
  const column = orderedColumn(order);
  const isDescending = order === undefined || order.isDescending;
  // The numbers are what a page is cut by, not what it is found by.
  if (column === undefined) return { sql: isDescending ? '+no < ?' : '+no > ?', values: [before] };
  const value: SQLInputValue = order?.behind ?? '';
  return { sql: `(${column} ${isDescending ? '<' : '>'} ? OR (${column} = ? AND no < ?))`, values: [value, value, before] };
}

/** Below 0 when the first one comes first in the order of the query. */
function comparing({ order }: ExecutionQuery): (one: Listed, other: Listed) => number {
  const sign = order === undefined || order.isDescending ? -1 : 1;
  if (orderedColumn(order) === undefined) return (one, other) => sign * (one.no - other.no);
  // By their bytes, as the store compares them.
  return (one, other) => sign * Buffer.compare(Buffer.from(one.value ?? ''), Buffer.from(other.value ?? '')) || other.no - one.no;
}
