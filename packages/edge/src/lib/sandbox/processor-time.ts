import { readFileSync } from 'node:fs';

/** Milliseconds of a tick, in which Linux tells of processor time. */
const TICK_MS = 10;

/** What a process had of a processor since it began, its ended children included, in milliseconds; `undefined` where it cannot be told: not Linux, or it is gone. */
export function processorMs(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold anything; state is the first field behind it, utime the twelfth.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
  } catch {
    return undefined;
  }
}
