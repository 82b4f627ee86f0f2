import { Rollouts, type RolloutsOptions } from '../rollouts/rollouts.ts';
import type { BehaviourDiffs } from './behaviour-diffs.ts';
import { EdgeWalls } from './edge-walls.ts';
import { ProgramService } from './program-service.ts';

/** Programs as requests see them, and what moves them from version to version. */
export interface OpenPrograms extends AsyncDisposable {
  readonly programs: ProgramService;
  readonly rollouts: Rollouts;
  readonly walls: EdgeWalls;
}

/** Opens them. Rollouts that were under way go on with `rollouts.recover()`. */
export function openPrograms({ diffs, ...options }: RolloutsOptions & { readonly diffs: BehaviourDiffs }): OpenPrograms {
  const rollouts = new Rollouts(options);
  const programs = new ProgramService(options.programs, options.edge, diffs);
  const walls = new EdgeWalls(options.edge, options.clock);
  return { programs, rollouts, walls, [Symbol.asyncDispose]: () => rollouts[Symbol.asyncDispose]() };
}
