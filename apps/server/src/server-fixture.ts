import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { join } from 'node:path';

/** A server process of a test, on free ports. */
export interface TestServer {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it has written to its log, line by line. */
  readonly log: readonly string[];
  /** Ends it as a crash would: no signal handler runs, nothing is flushed. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** No generation service is started: nothing is generated. */
export const NO_GENERATOR: readonly string[] = ['--generator-url', 'http://127.0.0.1:9'];

/** No program is generated or run, so that a start need not wait for what both need. */
export const NO_PROGRAMS: readonly string[] = [...NO_GENERATOR, '--sandbox-workers', '1', '--sandbox-jail', 'off'];

/** Starts `main.ts` and waits until it listens; `environment` comes on top of that of the test. */
export async function startTestServer(
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const main = join(import.meta.dirname, 'main.ts');
  const args = [...process.execArgv.filter((flag) => flag.startsWith('--conditions')), main];
  const child = spawn(process.execPath, [...args, '--port', '0', '--edge-port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr ?? Readable.from([]) }).on('line', (line) => errors.push(line));
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout ?? Readable.from([]) }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    // Not before what it had to say was read.
    child.once('close', () => reject(new Error(`Cannot start the server: ${errors.slice(-5).join('\n')}`)));
  });
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { url, process: child, log: errors, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
