import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

/** What one run measures. */
export interface Measurement {
  readonly clients: number;
  /** Messages that arrived, all clients together. */
  readonly arrived: number;
  /** Messages that should have arrived. */
  readonly expected: number;
  /** From the write of the event to its arrival at the client, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A process of the benchmark, and what it printed as its first line. */
export interface Started {
  readonly child: ChildProcess;
  readonly line: string;
}

/** Starts a file of this folder as a process of its own; resolves with its first line. */
export async function startProcess(file: string, args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, ['--conditions=loopwright-source', join(import.meta.dirname, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout ?? Readable.from([])), 'line');
  return { child, line: String(line) };
}

/** Ends a process that reads its input, and waits until it has. */
export async function endProcess({ child }: Started): Promise<void> {
  child.stdin?.end();
  await once(child, 'exit');
}
