import type { ProgramStore } from '@loopwright/edge';
import { systemClock, systemRandom } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import { BehaviourDiffs } from '../programs/behaviour-diffs.ts';
import { EdgeClient } from '../programs/edge-client.ts';
import { openPrograms } from '../programs/open-programs.ts';
import type { ProgramService } from '../programs/program-service.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';

/** Programs of a test server, whose rollouts are looked at ten times a second. */
export function openTestPrograms({
  programs,
  url,
  database,
  log,
}: {
  programs: ProgramStore;
  /** Base URL of the edge. */
  url: () => string;
  database: ServerDatabase;
  log: string[];
}): { programService: ProgramService; rollouts: Rollouts } {
  const parts = { clock: systemClock, random: systemRandom };
  const edge = new EdgeClient({ url, ready: async () => undefined, authToken: 'secret' });
  const diffs = new BehaviourDiffs({ edge, database: () => database, clock: systemClock });
  const tell = (message: string): void => void log.push(message);
  const { served, rollouts } = openPrograms({ programs, edge, diffs, database, ...parts, lookIntervalMs: 100, log: tell });
  return { programService: served, rollouts };
}
