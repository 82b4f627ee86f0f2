import type { Engine } from '@loopwright/engine';
import type { Clock, Random } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { RunStore } from './run-store.ts';
import type { RunTracker } from './run-tracker.ts';
import type { Workspaces } from './workspace/workspaces.ts';

/** What everything that is done with runs works with. */
export interface RunParts {
  readonly engine: Engine;
  readonly store: RunStore;
  readonly tracker: RunTracker;
  readonly workspaces: Workspaces;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
}
