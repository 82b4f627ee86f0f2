import type { ProjectScope } from '../execution/execution.ts';

/** Lets what executions of one project emit reach the listeners of another one as well; `*` stands for every project. */
export interface EventRoute {
  readonly from: string;
  readonly to: string;
}

const EVERY_PROJECT = '*';

/** The projects whose executions and schedules hear what an execution of a project emits: that project, and those that routes lead to. */
export function audienceOf(projectId: string, routes: readonly EventRoute[]): ProjectScope {
  const targets = routes.filter(({ from }) => from === projectId || from === EVERY_PROJECT).map(({ to }) => to);
  return targets.includes(EVERY_PROJECT) ? { except: [] } : { only: [...new Set([projectId, ...targets])] };
}
