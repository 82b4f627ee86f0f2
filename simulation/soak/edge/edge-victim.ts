import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@loopwright/protocol';
import { processesBelow, stillAlive } from './census.ts';

/** How long the workers of a killed edge may live on, in milliseconds. */
const ORPHANS_MS = 5000;

/** One life of the edge. */
export interface EdgeVictim {
  readonly url: string;
  readonly jail: string;
  readonly pid: number;
  /** `kill -9`; gives the workers that outlive it. */
  kill(): Promise<number[]>;
  /** Settles with how it ended. */
  readonly ended: Promise<string>;
}

/** Starts an edge on a folder and waits until it listens. Throws when it ends before. */
export async function startEdge(dir: string, origin: number, dayMs: number): Promise<EdgeVictim> {
  const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
  const program = join(import.meta.dirname, 'edge-process.ts');
  const child = spawn(process.execPath, [...flags, program, dir, String(origin), String(dayMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => String(signal ?? code));
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]: unknown[]) => String(text)),
    ended.then((how) => {
      throw new Error(`Cannot go on: the edge ended at its start (${how})`);
    }),
  ]);
  const { url, jail } = JSON.parse(line) as { url: string; jail: string };
  const pid = child.pid ?? 0;
  const kill = async (): Promise<number[]> => {
    const workers = processesBelow(pid);
    child.kill('SIGKILL');
    await ended;
    const limit = systemClock.now() + ORPHANS_MS;
    while (stillAlive(workers).length > 0 && systemClock.now() < limit) await delay(20);
    return stillAlive(workers);
  };
  return { url, jail, pid, kill, ended };
}
