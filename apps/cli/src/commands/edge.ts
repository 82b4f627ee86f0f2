import { join } from 'node:path';
import { runInForeground } from './run-in-foreground.ts';

/** The entry of an edge that runs apart from the server; a process of its own, so its path is all that the command line knows of it. */
const EDGE_MAIN = join(import.meta.dirname, '../../../../packages/edge/src/standalone.ts');

/** Runs an edge in the foreground with the given flags; gives its exit code. */
export function edgeCommand(flags: readonly string[]): Promise<number> {
  return runInForeground(EDGE_MAIN, flags);
}
