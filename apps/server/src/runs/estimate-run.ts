import type { ProjectScope } from '@loopwright/engine';
import type { RunEstimate } from '@loopwright/protocol';
import { projectCost, projectTime } from './metrics/projections.ts';
import type { PastPhase } from './metrics/past-runs.ts';
import { profileName, requireProfile } from './profile/profiles.ts';
import { pastRuns } from './read-past-runs.ts';
import type { RunParts } from './run-parts.ts';

/**
 * What a run of a profile that nobody has made yet is to be expected to take, from completed runs of its project or, when it has none, of the given
 * projects, which must be projects that whoever asks may see. Throws UNKNOWN_PROFILE.
 */
export async function estimateRun(
  { engine, store, clock }: Pick<RunParts, 'engine' | 'store' | 'clock'>,
  { profile: name, projectId }: { profile: string; projectId: string },
  projects: ProjectScope,
): Promise<RunEstimate> {
  const found = requireProfile(engine, name);
  const profile = profileName(found.name);
  const phases = found.phases.map(({ name: phase }): PastPhase => ({
    phase,
    status: 'pending',
    started_at: null,
    completed_at: null,
    usage: '[]',
  }));
  const past = await pastRuns(store, { run_id: '', profile, project_id: projectId }, projects);
  return { profile, project_id: projectId, time: projectTime(phases, past, clock.now()), cost: projectCost(phases, past) };
}
