import { join } from 'node:path';
import { ProgramStore } from '@loopwright/edge';
import type { Engine } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import { BehaviourDiffs } from '../programs/behaviour-diffs.ts';
import { EdgeClient } from '../programs/edge-client.ts';
import { type OpenPrograms, openPrograms } from '../programs/open-programs.ts';

/** Programs of a test server, whose rollouts are looked at ten times a second. */
export function openTestPrograms({
  dir,
  url,
  database,
  engine,
  examples,
  log,
}: {
  /** Data folder of the server. */
  dir: string;
  /** Base URL of the edge. */
  url: () => string;
  database: ServerDatabase;
  engine: Engine;
  examples: ExampleStore;
  log: string[];
}): { programs: ProgramStore; edge: EdgeClient; opened: OpenPrograms } {
  const programs = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
  const parts = { clock: systemClock, random: systemRandom };
  const edge = new EdgeClient({ url, ready: async () => undefined, authToken: 'secret' });
  const diffs = new BehaviourDiffs({ edge, database: () => database, clock: systemClock });
  const tell = (message: string): void => void log.push(message);
  const resources = new ResourceProjects({ database: () => database, clock: systemClock });
  const opened = openPrograms({
    programs,
    edge,
    diffs,
    database,
    engine,
    examples,
    resources,
    ...parts,
    lookIntervalMs: 100,
    log: tell,
  });
  return { programs, edge, opened };
}
