import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Order, Outcome } from './protocol.ts';

/** The process with the engine, as the soak holds it. */
export interface Victim {
  /** Settles when it takes orders; never when it dies before. */
  readonly ready: Promise<void>;
  /** Gives what came of an order; `undefined` when the process died first. */
  order(order: Order): Promise<Outcome | undefined>;
  /** `kill -9`. */
  kill(): Promise<void>;
  readonly isReady: boolean;
  /** How it ended: `killed`, or with which code. */
  readonly ended: Promise<string>;
}

/** Starts the process of one life on a folder. */
export function startVictim(dir: string, seed: number, life: number): Victim {
  const child: ChildProcess = fork(join(import.meta.dirname, 'engine-process.ts'), [dir, String(seed), String(life)], {
    execArgv: process.execArgv.filter((flag) => flag.startsWith('--conditions')),
  });
  const waiting = new Map<number, (outcome: Outcome | undefined) => void>();
  let count = 0;
  let isOver = false;
  let isReady = false;
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
    isOver = true;
    for (const settle of waiting.values()) settle(undefined);
    return signal === 'SIGKILL' ? 'killed' : String(code);
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: 'ready' | { id: number; outcome: Outcome }) => {
      if (message === 'ready') {
        isReady = true;
        return resolve();
      }
      waiting.get(message.id)?.(message.outcome);
      waiting.delete(message.id);
    });
  });
  return {
    ready,
    get isReady() {
      return isReady;
    },
    ended: exited,
    order: (order) =>
      new Promise((resolve) => {
        if (isOver || !child.connected) return resolve(undefined);
        count += 1;
        waiting.set(count, resolve);
        child.send({ id: count, order }, () => undefined);
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
