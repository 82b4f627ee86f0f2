import type { StatementSync } from 'node:sqlite';
import type { HumanTaskQuery, StoredHumanTask } from '../execution/execution.ts';
import { projectCondition } from './project-condition.ts';
import { toHumanTask } from './rows.ts';
import type { ValueFiles } from './value-files.ts';

/** The questions that fit, the oldest first, or by their answers. */
export function listHumanTasks(
  prepare: (sql: string) => StatementSync,
  files: ValueFiles,
  { executionId, state, after, byAnswer, projects, limit }: HumanTaskQuery,
): StoredHumanTask[] {
  // Of one execution there are few: the index of all that are open is not the one to go through.
  const isState = executionId === undefined ? 'state = ?' : '+state = ?';
  const [isOfProjects = '', ofProjects] = projectCondition(projects) ?? [];
  const filters = [
    executionId === undefined ? '' : 'execution_id = ?',
    state === undefined ? '' : isState,
    after === undefined ? '' : '(created_at, id) > (?, ?)',
    byAnswer === undefined ? '' : 'answered_at IS NOT NULL',
    typeof byAnswer === 'object' ? '(answered_at, id) < (?, ?)' : '',
    isOfProjects,
  ].filter(Boolean);
  const where = filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`;
  const behind = typeof byAnswer === 'object' ? [byAnswer.answeredAt, byAnswer.id] : [];
  const given = [executionId, state, after?.createdAt, after?.id, ...behind, ofProjects];
  const values = given.filter((value) => value !== undefined);
  const order = byAnswer === undefined ? 'created_at, id' : 'answered_at DESC, id DESC';
  return prepare(`SELECT * FROM human_tasks ${where} ORDER BY ${order} LIMIT ?`)
    .all(...values, limit)
    .map((row) => toHumanTask(row, files));
}
