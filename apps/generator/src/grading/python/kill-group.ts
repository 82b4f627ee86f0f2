import type { ChildProcess } from 'node:child_process';

/**
 * Kills a bubblewrap that leads a process group, and what it has begun; gives whether there was anything. Until that is set up, it waits for bubblewrap and
 * would not see its end: it would wait for ever, and hold the streams of the child open.
 */
export function killGroup({ pid }: ChildProcess): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
    return false;
  }
}
