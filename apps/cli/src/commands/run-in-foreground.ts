import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Runs a program of ours in the foreground; gives its exit code. Signals are passed on, so that it can end in its own way. */
export function runInForeground(main: string, flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, main, ...flags], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
