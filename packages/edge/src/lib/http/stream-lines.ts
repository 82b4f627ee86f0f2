import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Clock } from '@loopwright/protocol';
import { TAIL_HEARTBEAT_MS, TAIL_STALL_MS } from './limits.ts';

/**
 * Writes lines to who asked, as fast as they are taken, until there are no more or the signal, and closes the connection. An empty line comes now and then while there are none; who takes
 * nothing for {@link TAIL_STALL_MS} is cut off.
 */
export async function streamLines(
  raw: ServerResponse,
  lines: AsyncIterable<string>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  // The answer forgets it when it has ended.
  const { socket } = raw;
  let stopBeat: () => void = () => undefined;
  const beat = (): void => {
    if (!raw.writableNeedDrain) raw.write('\n');
    stopBeat = clock.schedule(TAIL_HEARTBEAT_MS, beat);
  };
  stopBeat = clock.schedule(TAIL_HEARTBEAT_MS, beat);
  // What is not written goes out with the first line; who follows wants to know that it began.
  raw.flushHeaders();
  try {
    for await (const line of lines) {
      if (signal.aborted) break;
      if (!raw.write(`${line}\n`)) await drained(raw, { clock, signal });
    }
  } catch (error) {
    // The signal ends the waiting; all else is a trouble of the stream, which cannot be told in it any more.
    if (!signal.aborted) raw.destroy();
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  } finally {
    stopBeat();
    // An edge that ends waits for its connections, and who reads nothing would never end this one.
    if (raw.writableNeedDrain) raw.destroy();
    else raw.end(() => socket?.destroy());
  }
}

async function drained(
  raw: ServerResponse,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const stalled = new AbortController();
  const stop = clock.schedule(TAIL_STALL_MS, () => stalled.abort());
  try {
    await once(raw, 'drain', { signal: AbortSignal.any([signal, stalled.signal]) });
  } finally {
    stop();
  }
}
