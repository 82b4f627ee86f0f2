import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '@loopwright/protocol';

/** How long a call is repeated before its error counts, in milliseconds. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 100;

/** Repeats a call while the server is away. The call must name itself by an idempotency key or have no effect. */
export async function persist<T>(call: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'SERVICE_UNAVAILABLE' || Date.now() > end) throw error;
      await delay(PAUSE_MS);
    }
  }
}
