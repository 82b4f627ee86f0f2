import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { ExecutionQuery } from '../execution/execution.ts';
import { type Condition, all, groupConditions, namesContain, orderedColumn } from './execution-conditions.ts';

/** With more groups than this, if they are more than this share of all executions, a page is read by going through all, the newest first. */
const GROUPS_MERGED = 256;
const SHARE_SCANNED = 0.1;

type Prepare = (sql: string) => StatementSync;

/** The number of an execution, and what the order of the list goes by; `null` when it goes by age. */
export interface Listed {
  readonly no: number;
  readonly value: string | null;
}

/** The first ones behind the place of a query, in its order, and how many there are in all. */
export interface FoundListed {
  readonly listed: readonly Listed[];
  readonly total: number;
}

interface Group {
  readonly no: number;
  /** The rank of the first of its executions that may be on this page. */
  readonly first: number;
}

/** Which way a list goes by age: the rank of an execution is the greater, the earlier it comes. */
interface Direction {
  /** 1 when the newest come first, -1 when the oldest do. */
  readonly sign: 1 | -1;
  /** All ranks of the page lie below. */
  readonly below: number;
}

/**
 * Executions that only their groups are asked for: by workflow, project, definition and status, and by a text in the names of the first two. Totals come from the
 * counts of the groups, so they cost the same whatever is stored; a page costs as much as its end is far from the beginning.
 */
export function listGrouped(prepare: Prepare, query: ExecutionQuery, wanted: number): FoundListed {
  const { order, text, before } = query;
  const conditions = [...groupConditions(query), ...(text === undefined ? [] : [namesContain(text)])];
  const column = orderedColumn(order);
  if (column === undefined) {
    const sign = order === undefined || order.isDescending ? 1 : -1;
    const below = before === undefined ? Number.MAX_SAFE_INTEGER : sign * before;
    const found = firstByAge(prepare, conditions, { wanted, sign, below });
    return { listed: found.numbers.map((no) => ({ no, value: null })), total: found.total };
  }
  const listed: Listed[] = [];
  for (const value of valuesOf(prepare, query, conditions)) {
    const below = value === order?.behind && before !== undefined ? before : Number.MAX_SAFE_INTEGER;
    const same = [...conditions, { sql: `${column} = ?`, values: [value] }];
    const { numbers } = firstByAge(prepare, same, { wanted: wanted - listed.length, sign: 1, below });
    listed.push(...numbers.map((no) => ({ no, value })));
    if (listed.length >= wanted) break;
  }
  return { listed, total: countOf(prepare, all(conditions)).total };
}

/** What the field of an order says of the executions there are, from that of the last page on. */
function valuesOf(prepare: Prepare, { order }: ExecutionQuery, conditions: readonly Condition[]): string[] {
  const column = orderedColumn(order);
  const behind: Condition[] =
    order?.behind === undefined ? [] : [{ sql: `${column} ${order.isDescending ? '<=' : '>='} ?`, values: [order.behind] }];
  const { sql, values } = all([...conditions, ...behind]);
  return prepare(
    `SELECT DISTINCT ${column} AS value FROM execution_groups WHERE count > 0 AND ${sql} ORDER BY ${column} ${order?.isDescending === true ? 'DESC' : 'ASC'}`,
  )
    .all(...values)
    .map((row) => String(row['value']));
}

function firstByAge(
  prepare: Prepare,
  conditions: readonly Condition[],
  { wanted, ...direction }: Direction & { readonly wanted: number },
): { readonly numbers: readonly number[]; readonly total: number } {
  const { sql, values } = all(conditions);
  const { number, total } = countOf(prepare, { sql, values });
  const share = number > GROUPS_MERGED ? Number(prepare('SELECT sum(count) AS total FROM execution_groups').get()?.['total']) : 0;
  if (conditions.length === 0 || (number > GROUPS_MERGED && total > share * SHARE_SCANNED))
    return { numbers: scan(prepare, { sql, values }, { wanted, ...direction }), total };
  const { sign, below } = direction;
  const extreme = sign === 1 ? 'max' : 'min';
  const groups = prepare(
    `SELECT no, (SELECT ${extreme}(no) FROM executions WHERE group_no = execution_groups.no) AS first
     FROM execution_groups WHERE count > 0 AND ${sql}`,
  )
    .all(...values)
    .map((row): Group => ({ no: Number(row['no']), first: Math.min(sign * Number(row['first']), below - 1) }));
  return { numbers: firstOf(prepare, groups, { wanted, sign }), total };
}

/** How many groups there are of a kind, and how many executions they have. */
function countOf(prepare: Prepare, { sql, values }: Condition): { readonly number: number; readonly total: number } {
  // Counted before the newest of each is looked for: with thousands of projects there are very many.
  const row = prepare(
    `SELECT count(*) AS number, coalesce(sum(count), 0) AS total FROM execution_groups WHERE count > 0 AND ${sql}`,
  ).get(...values);
  return { number: Number(row?.['number']), total: Number(row?.['total']) };
}

/** The first of all executions that fit, one after the other. */
function scan(
  prepare: Prepare,
  { sql, values }: Condition,
  { wanted, sign, below }: Direction & { readonly wanted: number },
): number[] {
  const [isBehind, direction] = sign === 1 ? ['no < ?', 'DESC'] : ['no > ?', 'ASC'];
  const place: SQLInputValue = sign === 1 ? below : below === Number.MAX_SAFE_INTEGER ? -1 : -below;
  return prepare(`SELECT no FROM executions WHERE ${sql} AND ${isBehind} ORDER BY no ${direction} LIMIT ?`)
    .all(...values, place, wanted)
    .map((row) => Number(row['no']));
}

/**
 * The first numbers of several groups: always some more of the group that has the first one left, twice as many each time,
 * until no group has one among them.
 */
function firstOf(
  prepare: Prepare,
  groups: readonly Group[],
  { wanted, sign }: { readonly wanted: number; readonly sign: 1 | -1 },
): number[] {
  const statement = prepare(
    sign === 1
      ? 'SELECT no FROM executions WHERE group_no = ? AND no <= ? ORDER BY no DESC LIMIT ?'
      : 'SELECT no FROM executions WHERE group_no = ? AND no >= ? ORDER BY no LIMIT ?',
  );
  const left = groups.map(({ no, first }) => ({ no, first, fetch: Math.ceil(wanted / groups.length) + 1 }));
  let found: number[] = [];
  for (;;) {
    const next = left.reduce((best, group) => (group.first > best.first ? group : best), { no: 0, first: -Infinity, fetch: 0 });
    if (next.first <= (found.length < wanted ? -Infinity : (found.at(-1) ?? Infinity))) return found.map((rank) => sign * rank);
    const ranks = statement.all(next.no, sign * next.first, next.fetch).map((row) => sign * Number(row['no']));
    next.first = ranks.length < next.fetch ? -Infinity : (ranks.at(-1) ?? 0) - 1;
    next.fetch *= 2;
    found = [...found, ...ranks].sort((one, other) => other - one).slice(0, wanted);
  }
}
