import { ADMIN_MAIN } from '../demo/server-process.ts';
import { runInForeground } from './run-in-foreground.ts';

/** Makes the first API key; gives the exit code. */
export function adminCommand(flags: readonly string[]): Promise<number> {
  return runInForeground(ADMIN_MAIN, flags);
}
