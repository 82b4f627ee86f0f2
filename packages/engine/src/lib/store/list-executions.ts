import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { ExecutionQuery } from '../execution/execution.ts';
import { projectCondition } from './project-condition.ts';
import type { Row } from './rows.ts';

/** With more groups than this, if they are more than this share of all executions, a page is read by going through all, the newest first. */
const GROUPS_MERGED = 256;
const SHARE_SCANNED = 0.1;

/** A condition with the value it is for; without one it does not hold anything back. */
type Filter = [condition: string, value: SQLInputValue | undefined];

/** One page as it is stored. */
interface ExecutionRows {
  readonly rows: Row[];
  readonly total: number;
  readonly next: number | null;
}

interface Group {
  readonly no: number;
  /** The greatest number that one of its executions on this page may have. */
  readonly newest: number;
}

/**
 * One page of executions, the newest first, whether more follow, and how many there are in all. The total comes from the counts of the groups, so it
 * costs the same whatever is stored; a page costs as much as its end is far from the newest.
 */
export function listExecutions(prepare: (sql: string) => StatementSync, query: ExecutionQuery): ExecutionRows {
  const { rows, total } = readPage(prepare, { ...query, limit: query.limit + 1 });
  const page = rows.slice(0, query.limit);
  return { rows: page, total, next: rows.length > query.limit ? Number(page.at(-1)?.['no']) : null };
}

function readPage(prepare: (sql: string) => StatementSync, query: ExecutionQuery): Omit<ExecutionRows, 'next'> {
  const { createdFrom, createdBefore, limit, offset = 0, before = Number.MAX_SAFE_INTEGER } = query;
  if (createdFrom !== undefined || createdBefore !== undefined) return listByAge(prepare, query);
  const used = usedOf(groupFilters(query));
  const all = Number(prepare('SELECT sum(count) AS total FROM execution_groups').get()?.['total'] ?? 0);
  if (used.length === 0) {
    return {
      rows: prepare('SELECT * FROM executions WHERE no < ? ORDER BY no DESC LIMIT ? OFFSET ?').all(before, limit, offset),
      total: all,
    };
  }
  const where = used.map(([condition]) => condition).join(' AND ');
  const values = used.map(([, value]) => value);
  // Counted before the newest of each is looked for: with thousands of projects there are very many.
  const counted = prepare(
    `SELECT count(*) AS number, coalesce(sum(count), 0) AS total FROM execution_groups WHERE count > 0 AND ${where}`,
  ).get(...values);
  const total = Number(counted?.['total']);
  if (Number(counted?.['number']) > GROUPS_MERGED && total > all * SHARE_SCANNED) {
    const page = prepare(`SELECT * FROM executions WHERE ${where} AND no < ? ORDER BY no DESC LIMIT ? OFFSET ?`);
    return { rows: page.all(...values, before, limit, offset), total };
  }
  const groups = prepare(
    `SELECT no, (SELECT max(no) FROM executions WHERE group_no = execution_groups.no) AS newest
     FROM execution_groups WHERE count > 0 AND ${where}`,
  )
    .all(...values)
    .map((row): Group => ({ no: Number(row['no']), newest: Math.min(Number(row['newest']), before - 1) }));
  const newest = newestOf(prepare, groups, offset + limit).slice(offset);
  const byNumber = prepare('SELECT * FROM executions WHERE no = ?');
  return { rows: newest.map((no) => byNumber.get(no)).filter((row) => row !== undefined), total };
}

/** A page of what was created within a time; costs as much as was created then. */
function listByAge(prepare: (sql: string) => StatementSync, query: ExecutionQuery): Omit<ExecutionRows, 'next'> {
  const { createdFrom, createdBefore, limit, offset = 0, before = Number.MAX_SAFE_INTEGER } = query;
  const used = usedOf([...groupFilters(query), ['created_at >= ?', createdFrom], ['created_at < ?', createdBefore]]);
  const from = `FROM executions INDEXED BY executions_by_age WHERE ${used.map(([condition]) => condition).join(' AND ')}`;
  const values = used.map(([, value]) => value);
  const rows = prepare(`SELECT * ${from} AND no < ? ORDER BY no DESC LIMIT ? OFFSET ?`).all(...values, before, limit, offset);
  return { rows, total: Number(prepare(`SELECT count(*) AS total ${from}`).get(...values)?.['total'] ?? 0) };
}

function groupFilters({ workflow, projectId, projects, status, definitionDigest }: ExecutionQuery): Filter[] {
  return [
    ['workflow = ?', workflow],
    ['project_id = ?', projectId],
    projectCondition(projects) ?? ['TRUE', undefined],
    ['status = ?', status],
    ['definition_digest = ?', definitionDigest],
  ];
}

function usedOf(filters: readonly Filter[]): [string, SQLInputValue][] {
  return filters.filter((filter): filter is [string, SQLInputValue] => filter[1] !== undefined);
}

/**
 * The greatest numbers of several groups: always some more of the group that has the greatest left, twice as many each time,
 * until no group has one among them.
 */
function newestOf(prepare: (sql: string) => StatementSync, groups: readonly Group[], wanted: number): number[] {
  const statement = prepare('SELECT no FROM executions WHERE group_no = ? AND no <= ? ORDER BY no DESC LIMIT ?');
  const left = groups.map(({ no, newest }) => ({ no, newest, fetch: Math.ceil(wanted / groups.length) + 1 }));
  let found: number[] = [];
  for (;;) {
    const next = left.reduce((best, group) => (group.newest > best.newest ? group : best), { no: 0, newest: 0, fetch: 0 });
    if (next.newest <= (found.length < wanted ? 0 : (found.at(-1) ?? Infinity))) return found;
    const numbers = statement.all(next.no, next.newest, next.fetch).map((row) => Number(row['no']));
    next.newest = numbers.length < next.fetch ? 0 : (numbers.at(-1) ?? 0) - 1;
    next.fetch *= 2;
    found = [...found, ...numbers].sort((one, other) => other - one).slice(0, wanted);
  }
}
