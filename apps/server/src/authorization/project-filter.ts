import type { ProjectScope } from '@loopwright/engine';
import { type RawBuilder, sql } from 'kysely';

/** The condition that the column `project_id` is one of some projects; what belongs to none (null) is not. One parameter, however many there are. */
export function inProjects(scope: ProjectScope): RawBuilder<boolean> {
  if ('only' in scope) return sql<boolean>`project_id IN (SELECT value FROM json_each(${JSON.stringify(scope.only)}))`;
  return sql<boolean>`(project_id IS NOT NULL AND project_id NOT IN (SELECT value FROM json_each(${JSON.stringify(scope.except)})))`;
}
