import { DOCTOR_MAIN } from '../demo/server-process.ts';
import { runInForeground } from './run-in-foreground.ts';

/** Examines what is stored; gives 1 when something has to be dealt with. */
export function doctorCommand(flags: readonly string[]): Promise<number> {
  return runInForeground(DOCTOR_MAIN, flags);
}
