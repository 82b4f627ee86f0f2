import { join } from 'node:path';
import type { Engine } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { ServerDatabase } from '../database/server-database.ts';
import { Runs } from './runs.ts';
import { Workspaces } from './workspace/workspaces.ts';

/** The runs of a test server. */
export function openRuns(parts: { engine: Engine; database: ServerDatabase; dir: string; log: FastifyBaseLogger }): {
  readonly workspaces: Workspaces;
  readonly runs: Runs;
} {
  const { engine, database, dir, log } = parts;
  const workspaces = new Workspaces({ dir: join(dir, 'workspaces'), database: () => database, random: systemRandom });
  return {
    workspaces,
    runs: new Runs({ engine, database, workspaces, keepWorkspacesMs: null, log, clock: systemClock, random: systemRandom }),
  };
}
