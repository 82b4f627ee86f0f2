import type { Engine, ProjectScope } from '@loopwright/engine';
import type { GrantRole } from '../authorization/roles.ts';
import { humanTaskView } from '../http/execution-view.ts';
import type { RunTable } from './run-tables.ts';

/** How many open questions are looked at to find those of one person. */
const TASKS_LIMIT = 10_000;
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
  const open = engine.read.humanTasks({ state: 'open', projects, limit: TASKS_LIMIT });
  const mine = open.map(humanTaskView).filter(({ for: assignee, execution_id: executionId }) => {
    if (assignee === null) return true;
    if ('user' in assignee) return assignee.user === userId;
    const role = roleOn(engine.read.projectOf(executionId) ?? '');
    return role === 'admin' || role === assignee.role;
  });
  return [...new Set(mine.map(({ execution_id }) => execution_id))];
}

/** How many questions a run waits for, at most 100; none when it has ended. */
export function openTasksOf(engine: Pick<Engine, 'read'>, run: RunTable): number {
  if (run.completed_at !== null) return 0;
  return engine.read.humanTasks({ executionId: run.execution_id, state: 'open', limit: COUNTED }).length;
}
