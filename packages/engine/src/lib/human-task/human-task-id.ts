import { createHash } from 'node:crypto';

/** The id of a human task: the same question of the same execution has the same id in every replay. */
export function humanTaskId(executionId: string, key: string): string {
  return `task_${createHash('sha256').update(`${executionId}\0${key}`).digest('hex').slice(0, 24)}`;
}
