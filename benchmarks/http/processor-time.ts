import { readFileSync, readdirSync } from 'node:fs';

/** A tick of `/proc`, in microseconds: Linux counts in hundredths of a second there, whatever its kernel does. */
const TICK_US = 10_000;

/** The processor time that a process has used, in microseconds, to a hundredth of a second; `null` where there is no `/proc`. */
export function processorTime(pid: number): number | null {
  return timeOf(pid, [11, 12]);
}

/** The same of the processes that this one has started and seen the end of. */
export function processorTimeOfEnded(): number | null {
  return timeOf(process.pid, [13, 14]);
}

function timeOf(pid: number, ticks: readonly number[]): number | null {
  try {
    // The name of the program comes second, in parentheses, and may have anything in it.
    const [, fields = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const values = fields.split(' ');
    return ticks.reduce((sum, index) => sum + Number(values[index]), 0) * TICK_US;
  } catch {
    return null;
  }
}

/** The processor time of the processes that a process has started, and of theirs, in microseconds; `null` where there is no `/proc`. */
export function processorTimeBelow(pid: number): number | null {
  try {
    const parents = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? parentOf(Number(name)) : []));
    const below = (parent: number): number =>
      parents
        .filter((each) => each.parent === parent)
        .reduce((sum, each) => sum + (processorTime(each.pid) ?? 0) + below(each.pid), 0);
    return below(pid);
  } catch {
    return null;
  }
}

function parentOf(pid: number): { pid: number; parent: number }[] {
  try {
    const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return parent === undefined ? [] : [{ pid, parent: Number(parent) }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
