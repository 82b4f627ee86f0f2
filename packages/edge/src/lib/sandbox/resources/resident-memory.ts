import { readFileSync } from 'node:fs';

/** Size of a page of memory. Linux on arm64 may use larger ones; then the figure is too small and the limit later. */
const PAGE_BYTES = 4096;

/** Whether {@link residentBytes} can tell anything on this machine. */
export const canReadMemory: boolean = process.platform === 'linux';

/** Resident memory of a process in bytes; `undefined` where it cannot be told: not Linux, or the process is gone. */
export function residentBytes(pid: number): number | undefined {
  if (!canReadMemory) return undefined;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
  } catch {
    return undefined;
  }
}
