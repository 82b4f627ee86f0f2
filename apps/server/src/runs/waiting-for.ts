import type { Engine, ProjectScope } from '@loopwright/engine';
import type { HumanTaskAssignee } from '@loopwright/protocol';
import type { GrantRole } from '../authorization/roles.ts';
import { assigneeOf, humanTaskView } from '../http/execution-view.ts';
import type { RunTable } from './run-tables.ts';

/** How many open questions are looked at, the oldest, to find those of one person. */
export const OPEN_TASKS_LIMIT = 10_000;
/** How many open questions of one run are counted. */
const COUNTED = 100;

/** Who asks what waits for them. */
export interface AnswererOf {
  readonly userId: string;
  /** The projects in which they may answer. */
  readonly projects: ProjectScope;
  readonly roleOn: (projectId: string) => GrantRole;
}

/**
 * The executions with an open question that somebody may answer, among the oldest 10,000 open ones of the projects that have any. Which have, the index alone
 * says: for most people it is few or none, and the questions of the others are not read.
 */
export function executionsWaitingFor(engine: Pick<Engine, 'read'>, { userId, projects, roleOn }: AnswererOf): string[] {
  const isMine = (assignee: HumanTaskAssignee | null, projectId: string): boolean =>
    isFor(assignee, { userId, role: roleOn(projectId) });
  const groups = engine.read.openQuestions(projects).filter(({ assignee, projectId }) => isMine(assigneeOf(assignee), projectId));
  if (groups.length === 0) return [];
  const only = [...new Set(groups.map(({ projectId }) => projectId))];
  const open = engine.read.humanTasks({ state: 'open', projects: { only }, limit: OPEN_TASKS_LIMIT }).map(humanTaskView);
  const mine = open.filter(({ for: assignee, execution_id: id }) => isMine(assignee, engine.read.projectOf(id) ?? ''));
  return [...new Set(mine.map(({ execution_id }) => execution_id))];
}

/** Whether a question is for somebody who has a role in its project. */
export function isFor(assignee: HumanTaskAssignee | null, { userId, role }: { userId: string; role: GrantRole }): boolean {
  if (assignee === null) return role === 'admin' || role === 'operator';
  if ('user' in assignee) return assignee.user === userId;
  return role === 'admin' || role === assignee.role;
}

/** How many questions a run waits for, at most 100; none when it has ended. */
export function openTasksOf(engine: Pick<Engine, 'read'>, run: RunTable): number {
  if (run.completed_at !== null) return 0;
  return engine.read.humanTasks({ executionId: run.execution_id, state: 'open', limit: COUNTED }).length;
}
