import { messageOf, PlatformError, type Random } from '@loopwright/protocol';
import { attachModule, type AttachModuleOptions } from './attach-module.ts';

/** The source's figures of a connection that is made again. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** A connection that lasted so long was a good one: the next wait is short again. */
const GOOD_MS = 10_000;

/**
 * Runs a module at an orchestrator elsewhere, and attaches it again whenever the connection is lost or refused, after 0.1 s, then twice as long, up to 30 s. Resolves
 * when the signal is aborted. Each connection starts the module anew.
 *
 * @throws What the start of the module throws.
 */
export async function stayAttached(
  options: AttachModuleOptions & { readonly random: Random; readonly onTrouble: (text: string) => void },
): Promise<void> {
  const { clock, random, signal, onTrouble } = options;
  for (let failures = 0; ; failures += 1) {
    if (signal?.aborted === true) return;
    const began = clock.now();
    try {
      const end = await attachModule(options);
      if (end === 'disconnected') onTrouble('The connection to the orchestrator is lost');
    } catch (error) {
      const mayTryAgain = error instanceof PlatformError && (error.code === 'SERVICE_UNAVAILABLE' || error.code === 'FORBIDDEN');
      if (!mayTryAgain) throw error;
      onTrouble(messageOf(error));
    }
    if (clock.now() - began > GOOD_MS) failures = 0;
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 20)) * (0.5 + random.next() / 2);
    await wait(waitMs);
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // A process that only waits for its next attempt must not end.
      const hold = setInterval(() => undefined, LONGEST_WAIT_MS);
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
}
