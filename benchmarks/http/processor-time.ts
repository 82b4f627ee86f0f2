import { readFileSync } from 'node:fs';

/** A tick of `/proc`, in microseconds: Linux counts in hundredths of a second there, whatever its kernel does. */
const TICK_US = 10_000;

/** The processor time that a process has used, in microseconds, to a hundredth of a second; `null` where there is no `/proc`. */
export function processorTime(pid: number): number | null {
  try {
    // The name of the program comes second, in parentheses, and may have anything in it.
    const [, fields = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const values = fields.split(' ');
    return (Number(values[11]) + Number(values[12])) * TICK_US;
  } catch {
    return null;
  }
}
