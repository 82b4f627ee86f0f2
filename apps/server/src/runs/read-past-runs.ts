import type { ProjectScope } from '@loopwright/engine';
import type { PastRuns } from './metrics/past-runs.ts';
import type { RunStore } from './run-store.ts';
import type { RunTable } from './run-tables.ts';

/** How many completed runs figures rest on, the newest. */
const HISTORY_LIMIT = 100;

/** The runs of no project besides that of the run itself. */
export const NO_OTHERS: ProjectScope = { only: [] };

/**
 * The completed runs that figures of a run may rest on: those of its profile in its project; when there is none, those in the given projects, which must be
 * projects that whoever asks may see: a median tells something about the runs that it is made of.
 */
export async function pastRuns(
  store: Pick<RunStore, 'history'>,
  { run_id, profile, project_id }: Pick<RunTable, 'run_id' | 'profile' | 'project_id'>,
  projects: ProjectScope,
): Promise<PastRuns> {
  const read = (scope: ProjectScope): ReturnType<RunStore['history']> =>
    store.history(profile, { except: run_id, limit: HISTORY_LIMIT, projects: scope });
  const own = await read({ only: [project_id] });
  if (own.length > 0) return { from: 'project', runs: own };
  const others = 'only' in projects && projects.only.length === 0 ? [] : await read(projects);
  return others.length === 0 ? { from: 'project', runs: [] } : { from: 'granted_projects', runs: others };
}
