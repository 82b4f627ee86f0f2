import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { digestIn } from '../store/value-files.ts';
import { type Finding, severalFindings } from './finding.ts';

/** Every column that holds a value, with how its row finds the id of its execution. */
const COLUMNS: readonly { table: string; column: string; execution: string }[] = [
  { table: 'executions', column: 'input', execution: 'id' },
  { table: 'executions', column: 'output', execution: 'id' },
  { table: 'executions', column: 'error', execution: 'id' },
  { table: 'journal', column: 'value', execution: '(SELECT id FROM executions WHERE no = execution)' },
  { table: 'events', column: 'data', execution: '(SELECT id FROM executions WHERE no = execution)' },
  { table: 'human_tasks', column: 'request', execution: 'execution_id' },
  { table: 'human_tasks', column: 'answer', execution: 'execution_id' },
  { table: 'early_answers', column: 'answer', execution: 'execution_id' },
];

/** Looks at every value: those in the tables must be JSON, those in files must be there and be what was written. */
export function* examineValues(database: DatabaseSync, dir: string): Generator<Finding> {
  const users = new Map<string, string>();
  for (const { table, column, execution } of COLUMNS) {
    const broken = database
      .prepare(
        `SELECT ${execution} AS owner FROM ${table} WHERE ${column} IS NOT NULL AND substr(${column}, 1, 1) <> '@' AND NOT json_valid(${column})`,
      )
      .all();
    yield* severalFindings(broken, ({ owner }) => ({
      severity: 'error',
      check: 'journal-values',
      message: `The execution "${String(owner)}" has a value in ${table}.${column} that is no JSON: it cannot go on`,
      fix: 'Bring the store back from a backup, or cancel the execution',
    }));
    const large = database.prepare(
      `SELECT ${column} AS value, ${execution} AS owner FROM ${table} WHERE substr(${column}, 1, 1) = '@'`,
    );
    for (const { value, owner } of large.iterate()) users.set(digestIn(String(value)) ?? '', String(owner));
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

/** A store of a schema before has no such table, and no large values. */
function namesOfHeld(database: DatabaseSync): string[] {
  const table = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'large_values'`).get();
  return table === undefined
    ? []
    : database
        .prepare('SELECT digest FROM large_values')
        .all()
        .map(({ digest }) => String(digest));
}
