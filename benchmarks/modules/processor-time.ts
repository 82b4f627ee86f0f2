import { readFileSync } from 'node:fs';

/** What a tick of `/proc` is on every Linux that is in use. */
const TICK_MS = 10;

/** Processor time that this process and another have had, in milliseconds; `null` where there is no `/proc` to read the other's from. */
export function processorMs(pid: number | undefined): number | null {
  const { user, system } = process.cpuUsage();
  try {
    // After the name, which may hold anything but ends with the last bracket; the 12th and 13th field there.
    const [, fields = ''] = /^.*\) (.*)$/su.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [inUser, inSystem] = fields.split(' ').slice(11, 13).map(Number);
    return (user + system) / 1000 + TICK_MS * (Number(inUser) + Number(inSystem));
  } catch {
    return null;
  }
}
