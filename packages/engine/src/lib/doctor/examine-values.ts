import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { digestIn } from '../store/value-files.ts';
import { type Finding, severalFindings } from './finding.ts';

/** A column that holds values. */
interface ValueColumn {
  readonly table: string;
  readonly column: string;
  /** How its row finds the id of its execution. */
  readonly owner: string;
  /** Where in each item of the column the value stands, when it holds several. */
  readonly place?: number;
}

const BY_NUMBER = '(SELECT id FROM executions WHERE no = execution)';
const COLUMNS: readonly ValueColumn[] = [
  { table: 'executions', column: 'input', owner: 'id' },
  { table: 'executions', column: 'output', owner: 'id' },
  { table: 'executions', column: 'error', owner: 'id' },
  { table: 'journal', column: 'value', owner: BY_NUMBER },
  // Until schema 8.
  { table: 'events', column: 'data', owner: BY_NUMBER },
  { table: 'history', column: 'events', owner: BY_NUMBER, place: 3 },
  { table: 'history', column: 'results', owner: BY_NUMBER, place: 5 },
  { table: 'human_tasks', column: 'request', owner: 'execution_id' },
  { table: 'human_tasks', column: 'answer', owner: 'execution_id' },
  { table: 'early_answers', column: 'answer', owner: 'execution_id' },
];

/** Looks at every value: those in the tables must be JSON, those in files must be there and be what was written. */
export function* examineValues(database: DatabaseSync, dir: string): Generator<Finding> {
  const users = new Map<string, string>();
  for (const { table, column, owner, place } of COLUMNS.filter((one) => hasTable(database, one.table))) {
    const broken = database
      .prepare(
        `SELECT ${owner} AS owner FROM ${table} WHERE ${column} IS NOT NULL AND substr(${column}, 1, 1) <> '@' AND NOT json_valid(${column})`,
      )
      .all();
    yield* severalFindings(broken, (row) => ({
      severity: 'error',
      check: 'journal-values',
      message: `The execution "${String(row['owner'])}" has a value in ${table}.${column} that is no JSON: it cannot go on`,
      fix: 'Bring the store back from a backup, or cancel the execution',
    }));
    const items = `${table}, json_each(iif(json_valid(${column}), ${column}, '[]')) AS item`;
    const [from, value] = place === undefined ? [table, column] : [items, `item.value ->> ${place}`];
    const large = database.prepare(`SELECT ${value} AS value, ${owner} AS owner FROM ${from} WHERE substr(${value}, 1, 1) = '@'`);
    for (const row of large.iterate()) users.set(digestIn(String(row['value'])) ?? '', String(row['owner']));
  }
  yield* examineFiles(users, dir);
  const held = new Set(namesOfHeld(database));
  const loose = [...users].filter(([digest]) => !held.has(digest));
  yield* severalFindings(loose, ([digest, owner]) => ({
    severity: 'warning',
    check: 'large-values',
    message: `The file ${digest} of the execution "${owner}" is held by nobody and may be deleted`,
    fix: 'Report it: this must not happen',
  }));
}

function* examineFiles(users: ReadonlyMap<string, string>, dir: string): Generator<Finding> {
  const broken = [...users].flatMap(([digest, owner]) => {
    const state = stateOf(join(dir, 'values', digest.slice(0, 2), digest), digest);
    return state === 'sound' ? [] : [{ digest, owner, state }];
  });
  yield* severalFindings(broken, ({ digest, owner, state }) => ({
    severity: 'error',
    check: 'large-values',
    message: `The large value ${digest} of the execution "${owner}" is ${state}: the execution rests where it needs the value`,
    fix: 'Bring the file back from a backup, or cancel the execution',
  }));
  const unused = filesIn(join(dir, 'values')).filter((name) => !users.has(name));
  if (unused.length > 0) {
    yield {
      severity: 'info',
      check: 'large-values',
      message: `${unused.length} files of large values are used by nobody`,
      fix: 'They go with their executions, or after the next crash; they can be left',
    };
  }
}

function stateOf(path: string, digest: string): 'sound' | 'missing' | 'damaged' {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex') === digest ? 'sound' : 'damaged';
  } catch {
    return 'missing';
  }
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((one) => (one.isFile() ? [one.name] : []));
  } catch {
    return [];
  }
}

/** A store of an early schema has no such table, and no large values. */
function namesOfHeld(database: DatabaseSync): string[] {
  if (!hasTable(database, 'large_values')) return [];
  return database
    .prepare('SELECT digest FROM large_values')
    .all()
    .map(({ digest }) => String(digest));
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get(name) !== undefined;
}
