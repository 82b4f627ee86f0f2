import type { SQLInputValue } from 'node:sqlite';
import type { ExecutionOrder, ExecutionQuery } from '../execution/execution.ts';
import { projectCondition } from './project-condition.ts';

/** A condition of SQL with the values it takes. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Comes behind every id that begins with the text before it. */
const LAST_CHARACTER = '\u{10FFFF}';

/** What an order goes by, as executions and their groups have it; `undefined` for the age. */
export function orderedColumn(order: ExecutionOrder | undefined): 'workflow' | 'project_id' | 'status' | undefined {
  if (order === undefined || order.by === 'createdAt') return undefined;
  return order.by === 'projectId' ? 'project_id' : order.by;
}

/** What the query says of the columns that executions and their groups both have, but its text. */
export function groupConditions({ workflow, projectId, projects, status, definitionDigest }: ExecutionQuery): Condition[] {
  const [scope, ...scoped] = projectCondition(projects) ?? ['TRUE'];
  return [
    ...equal('workflow', workflow),
    ...equal('project_id', projectId),
    ...(scope === 'TRUE' ? [] : [{ sql: scope, values: scoped }]),
    ...equal('status', status),
    ...equal('definition_digest', definitionDigest),
  ];
}

/** What the query says of executions alone, but its text. */
export function rowConditions({ createdFrom, createdBefore, ids }: ExecutionQuery): Condition[] {
  return [
    ...(createdFrom === undefined ? [] : [{ sql: 'created_at >= ?', values: [createdFrom] }]),
    ...(createdBefore === undefined ? [] : [{ sql: 'created_at < ?', values: [createdBefore] }]),
    // One parameter, however many there are.
    ...(ids === undefined ? [] : [{ sql: 'id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(ids)] }]),
  ];
}

/** That the workflow or the project contains a text. */
export function namesContain(text: string): Condition {
  return {
    sql: '(instr(lower(workflow), lower(?)) > 0 OR instr(lower(project_id), lower(?)) > 0)',
    values: [text, text],
  };
}

/** That the id begins with a text. */
export function idBegins(text: string): Condition {
  return { sql: '(id >= ? AND id < ?)', values: [text, `${text}${LAST_CHARACTER}`] };
}

/** That one of two conditions holds. */
export function either(one: Condition, other: Condition): Condition {
  return { sql: `(${one.sql} OR ${other.sql})`, values: [...one.values, ...other.values] };
}

/** That a condition does not hold. */
export function not({ sql, values }: Condition): Condition {
  return { sql: `NOT ${sql}`, values };
}

/** All of them together. */
export function all(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: 'TRUE', values: [] };
  return { sql: conditions.map(({ sql }) => sql).join(' AND '), values: conditions.flatMap(({ values }) => values) };
}

function equal(column: string, value: string | undefined): Condition[] {
  return value === undefined ? [] : [{ sql: `${column} = ?`, values: [value] }];
}
