// The thread that looks whether programs keep something: to read a large one takes a tenth of a second, for which no request may wait. It imports little:
// whoever switches to a program waits for its start.
import { parentPort } from 'node:worker_threads';
import { whyStateful } from './why-stateful.ts';

/** What the thread is asked. */
export interface StatelessQuestion {
  readonly id: number;
  readonly code: string;
}

/** What it answers: `reason` is left out where the program keeps nothing. */
export interface StatelessAnswer {
  readonly id: number;
  readonly reason?: string | undefined;
}

function reasonFor(code: string): string | undefined {
  try {
    return whyStateful(code);
  } catch (error) {
    return `it cannot be read: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown error'}`;
  }
}

parentPort?.on('message', ({ id, code }: StatelessQuestion) => {
  const answer: StatelessAnswer = { id, reason: reasonFor(code) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has no origin
  parentPort?.postMessage(answer);
});
