import type { Engine } from '@loopwright/engine';
import { NoticeOutbox } from '../events/notice-outbox.ts';
import { Rollouts, type RolloutsOptions } from '../rollouts/rollouts.ts';
import type { BehaviourDiffs } from './behaviour-diffs.ts';
import { EdgeWalls } from './edge-walls.ts';
import { type ProgramTaskParts, ProgramTasks } from './program-tasks.ts';
import { ProgramService } from './program-service.ts';

/** Programs as requests see them, and what moves them from version to version. */
export interface OpenPrograms extends AsyncDisposable {
  readonly programs: ProgramService;
  readonly rollouts: Rollouts;
  readonly walls: EdgeWalls;
  readonly tasks: ProgramTasks;
  /** Tells in the stream of events what became of programs. */
  readonly outbox: NoticeOutbox;
}

/** Opens them. Rollouts that were under way go on with `rollouts.recover()`. */
export function openPrograms({
  diffs,
  engine,
  ...options
}: Omit<RolloutsOptions, 'outbox'> &
  ProgramTaskParts & {
    readonly diffs: BehaviourDiffs;
    readonly engine: Pick<Engine, 'announce'>;
  }): OpenPrograms {
  const outbox = new NoticeOutbox(options.database, (notice) => engine.announce(notice));
  const rollouts = new Rollouts({ ...options, outbox });
  const programs = new ProgramService(options.programs, options.edge, diffs);
  const tasks = new ProgramTasks(options);
  const walls = new EdgeWalls(options.edge, options.clock);
  return { programs, rollouts, walls, tasks, outbox, [Symbol.asyncDispose]: () => rollouts[Symbol.asyncDispose]() };
}
