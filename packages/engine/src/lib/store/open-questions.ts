import type { Json } from '@loopwright/protocol';
import type { StatementSync } from 'node:sqlite';
import type { ProjectScope, StoredHumanTask } from '../execution/execution.ts';
import { projectCondition } from './project-condition.ts';
import { toHumanTask } from './rows.ts';
import type { OpenQuestions } from './store.ts';
import type { ValueFiles } from './value-files.ts';

/** Stands for whom a question is for that was stored as a file before that was kept beside it. */
const UNREAD = '?';

/** Whom a question is for, as its column has it. */
export function assigneeText(task: Pick<StoredHumanTask, 'request'>): string | null {
  const assignee = assigneeIn(task);
  return assignee === null ? null : JSON.stringify(assignee);
}

/** Counts in the index alone; only questions of a store from before that are files are read. */
export function readOpenQuestions(
  prepare: (sql: string) => StatementSync,
  files: ValueFiles,
  projects: ProjectScope | undefined,
): OpenQuestions[] {
  const [condition, ...values] = projectCondition(projects) ?? ['TRUE'];
  const groups = prepare(
    `SELECT project_id, assignee, count(*) AS count FROM human_tasks WHERE state = 'open' AND ${condition} GROUP BY project_id, assignee`,
  ).all(...values);
  return groups.flatMap((row): OpenQuestions[] => {
    const projectId = String(row['project_id']);
    const { assignee } = row;
    if (assignee !== UNREAD)
      return [
        { projectId, assignee: assignee === null ? null : (JSON.parse(String(assignee)) as Json), count: Number(row['count']) },
      ];
    return prepare(`SELECT * FROM human_tasks WHERE state = 'open' AND project_id = ? AND assignee = '${UNREAD}'`)
      .all(projectId)
      .map((task) => ({ projectId, assignee: assigneeIn(toHumanTask(task, files)), count: 1 }));
  });
}

function assigneeIn({ request }: Pick<StoredHumanTask, 'request'>): Json {
  return request !== null && typeof request === 'object' && !Array.isArray(request) ? (request['for'] ?? null) : null;
}
