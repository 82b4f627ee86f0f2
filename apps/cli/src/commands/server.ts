import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SERVER_MAIN } from '../demo/server-process.ts';

/** Runs the server in the foreground with the given flags; gives its exit code. Signals are passed on, so that it drains. */
export function serverCommand(flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, SERVER_MAIN, ...flags], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
