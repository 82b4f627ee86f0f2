import type { ProjectScope } from '../execution/execution.ts';

/** A condition on `project_id` with the one value it takes; nothing when all projects are meant. However many there are, the statement is the same. */
export function projectCondition(scope: ProjectScope | undefined): [condition: string, value: string] | undefined {
  if (scope === undefined || isEverything(scope)) return undefined;
  if ('only' in scope) return ['project_id IN (SELECT value FROM json_each(?))', JSON.stringify(scope.only)];
  return ['project_id NOT IN (SELECT value FROM json_each(?))', JSON.stringify(scope.except)];
}

/** Whether a project is among those that are meant. */
export function includesProject(scope: ProjectScope | undefined, projectId: string): boolean {
  if (scope === undefined) return true;
  return 'only' in scope ? scope.only.includes(projectId) : !scope.except.includes(projectId);
}

function isEverything(scope: ProjectScope): boolean {
  return 'except' in scope && scope.except.length === 0;
}
