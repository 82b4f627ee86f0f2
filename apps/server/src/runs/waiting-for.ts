import type { Engine, ProjectScope } from '@loopwright/engine';
import type { HumanTaskAssignee } from '@loopwright/protocol';
import type { GrantRole } from '../authorization/roles.ts';
import { humanTaskView } from '../http/execution-view.ts';
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

/** The executions with an open question that somebody may answer, among the oldest 10,000 open ones. */
export function executionsWaitingFor(engine: Pick<Engine, 'read'>, { userId, projects, roleOn }: AnswererOf): string[] {
  const open = engine.read.humanTasks({ state: 'open', projects, limit: OPEN_TASKS_LIMIT });
  const mine = open.map(humanTaskView).filter(({ for: assignee, execution_id: executionId }) => {
    const projectId = engine.read.projectOf(executionId) ?? '';
    return isFor(assignee, { userId, role: roleOn(projectId) });
  });
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
