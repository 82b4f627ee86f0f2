import { join } from 'node:path';
import { ProgramStore } from '@loopwright/edge';
import { PlatformError, systemClock } from '@loopwright/protocol';
import { EdgeClient } from './edge-client.ts';
import { ProgramService } from './program-service.ts';

/** The programs of a test server, and the edge at a URL; left out: there is none. */
export function openPrograms(
  dir: string,
  edgeUrl: () => string = noEdge,
): { programs: ProgramStore; edge: EdgeClient; programService: ProgramService } {
  const programs = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
  const edge = new EdgeClient({ url: edgeUrl, ready: async () => undefined, authToken: 'secret' });
  return { programs, edge, programService: new ProgramService(programs, edge) };
}

function noEdge(): never {
  throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use the module "edge": it is not running');
}
