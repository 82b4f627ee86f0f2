import { type Clock, messageOf, PlatformError, type Random } from '@loopwright/protocol';
import { type Reconnect, reconnectAfter } from './reconnect.ts';

/** How a module stays with its orchestrator. */
export interface StayOptions {
  /** @default exponential back-off from 0.1 to 30 s */
  readonly reconnect?: Reconnect;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Told of each connection that is lost or refused. Must not throw. */
  readonly onTrouble: (text: string) => void;
}

/** A connection that lasted so long was a good one: the next wait is short again. */
const GOOD_MS = 10_000;
/** Keeps a process alive that only waits. */
const HOLD_MS = 30_000;

/**
 * Connects a module again whenever its connection is lost or refused. `connect` resolves when a connection has ended. Resolves when the signal is aborted, and when it is
 * not to come again.
 *
 * @throws What `connect` throws, unless it is about the connection (`SERVICE_UNAVAILABLE`, `FORBIDDEN`); those too when it is not to come again.
 */
export async function stayConnected(connect: () => Promise<'stopped' | 'disconnected'>, options: StayOptions): Promise<void> {
  const { clock, random, signal, onTrouble, reconnect = { kind: 'exponential_backoff' } } = options;
  for (let failures = 0; ; failures += 1) {
    if (signal?.aborted === true) return;
    const began = clock.now();
    try {
      const end = await connect();
      if (end === 'disconnected') onTrouble('The connection to the orchestrator is lost');
    } catch (error) {
      const mayTryAgain = error instanceof PlatformError && (error.code === 'SERVICE_UNAVAILABLE' || error.code === 'FORBIDDEN');
      if (!mayTryAgain || reconnect.kind === 'none') throw error;
      onTrouble(messageOf(error));
    }
    if (clock.now() - began > GOOD_MS) failures = 0;
    const waitMs = reconnectAfter(reconnect, failures, random);
    if (waitMs === undefined) return;
    await wait(waitMs, options);
  }
}

function wait(ms: number, { clock, signal }: StayOptions): Promise<void> {
  return new Promise((resolve) => {
    // A process that only waits for its next attempt must not end.
    const hold = setInterval(() => undefined, HOLD_MS);
    const finish = (): void => {
      cancel();
      clearInterval(hold);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.schedule(ms, finish);
    if (signal?.aborted === true) finish();
    else signal?.addEventListener('abort', finish);
  });
}
