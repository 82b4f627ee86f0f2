import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Sets the priority (`nice`) of a process, and that of its group: Linux shares processors between sessions first where it makes groups of them
 * (`sched(7)`, autogroup), and the priorities of processes count only within one. A jail has a session of its own. False: not allowed.
 */
export function setWorkerPriority(pid: number, priority: number): boolean {
  try {
    setPriority(pid, priority);
    writeFileSync(`/proc/${pid}/autogroup`, String(priority));
    return true;
  } catch (error) {
    // There are no such groups.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
