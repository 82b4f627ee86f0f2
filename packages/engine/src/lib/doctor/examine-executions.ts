import type { DatabaseSync } from 'node:sqlite';
import { jsonObjectSchema, messageOf } from '@loopwright/protocol';
import { digestOf } from '../definition/definition.ts';
import { restoreDefinition } from '../definition/load-definition.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { type Finding, severalFindings } from './finding.ts';

/** How long something may be due or under way before it is called stuck, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What the checks of executions need. */
export interface ExecutionChecks {
  readonly functions: FunctionCatalogue;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number;
  readonly isServed: boolean;
}

/** Looks for definitions that cannot be run, and for executions that nothing will move. */
export function* examineExecutions(database: DatabaseSync, checks: ExecutionChecks): Generator<Finding> {
  yield* examineDefinitions(database, checks.functions);
  const unasked = database
    .prepare(
      `SELECT id, status FROM executions WHERE status IN ('waiting_clarification', 'waiting_acceptance')
       AND NOT EXISTS (SELECT 1 FROM human_tasks WHERE execution_id = executions.id AND state = 'open')`,
    )
    .all();
  yield* severalFindings(unasked, ({ id, status }) => stuck(String(id), `is ${String(status)}, but no question is open`));
  const open = database
    .prepare(
      `SELECT human_tasks.id AS task, executions.id AS id FROM human_tasks JOIN executions ON executions.id = execution_id
       WHERE state = 'open' AND status IN ('completed', 'failed', 'cancelled')`,
    )
    .all();
  yield* severalFindings(open, ({ task, id }) => ({
    severity: 'warning',
    check: 'human-tasks',
    message: `The question "${String(task)}" is open, but its execution "${String(id)}" has ended: an answer has no effect`,
    fix: 'Report it: this must not happen',
  }));
  if (checks.isServed) yield* examineMovement(database, checks.now - PATIENCE_MS);
}

/** Beside a server things must move: what is due is done, and what runs has something under way. */
function* examineMovement(database: DatabaseSync, before: number): Generator<Finding> {
  const idle = database
    .prepare(
      `SELECT id FROM executions WHERE status IN ('pending', 'running') AND updated_at < ?
       AND NOT EXISTS (SELECT 1 FROM journal WHERE execution = no AND state IN ('running', 'waiting'))`,
    )
    .all(before);
  yield* severalFindings(idle, ({ id }) => stuck(String(id), 'runs, but nothing of it is under way or waited for'));
  const overdue = database
    .prepare('SELECT id, key FROM journal JOIN executions ON no = execution WHERE due_at IS NOT NULL AND due_at < ?')
    .all(before);
  yield* severalFindings(overdue, ({ id, key }) => stuck(String(id), `has a timer that is overdue ("${String(key)}")`));
}

function stuck(id: string, how: string): Finding {
  return {
    severity: 'error',
    check: 'stuck-executions',
    message: `The execution "${id}" ${how}`,
    fix: 'Look at the log of the server, then start it again: executions are taken up from their journals',
  };
}

function* examineDefinitions(database: DatabaseSync, functions: FunctionCatalogue): Generator<Finding> {
  const rows = database
    .prepare(
      `SELECT digest, name, version, source, (SELECT count(*) FROM executions WHERE definition_digest = digest AND completed_at IS NULL) AS used
       FROM definitions`,
    )
    .all();
  const broken = rows.flatMap(({ digest, name, version, source, used }) => {
    const reason = whyNotLoaded(String(source), String(digest), functions);
    return reason === undefined ? [] : [{ title: `${String(name)} ${String(version)}`, used: Number(used), reason }];
  });
  yield* severalFindings(broken, ({ title, used, reason }) => ({
    severity: used > 0 ? 'error' : 'info',
    check: 'definitions',
    message: `The definition "${title}" cannot be loaded, and ${used} executions that have not ended need it: ${reason}`,
    fix: used > 0 ? 'Run the version of Loopwright that took the definition, or cancel these executions' : '',
  }));
}

function whyNotLoaded(source: string, digest: string, functions: FunctionCatalogue): string | undefined {
  try {
    const document = jsonObjectSchema.parse(JSON.parse(source));
    if (digestOf(document) !== digest) return 'it is not what its digest says';
    restoreDefinition(document, functions);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
