import { SERVER_MAIN } from '../demo/server-process.ts';
import { runInForeground } from './run-in-foreground.ts';

/** Runs the server in the foreground with the given flags; gives its exit code. Signals are passed on, so that it drains. */
export function serverCommand(flags: readonly string[]): Promise<number> {
  return runInForeground(SERVER_MAIN, flags);
}
