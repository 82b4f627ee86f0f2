import type { Duplex } from 'node:stream';
import type { Clock } from '@loopwright/protocol';

const LINE_FEED = 10;

/** Why there is no first line. */
export type NoLine = 'too_long' | 'too_late' | 'ended';

/** Reads one line and nothing more: what comes behind it stays in the stream, which is paused then. Holds at most the limit. */
export function readFirstLine(
  stream: Duplex,
  { clock, limitBytes, timeoutMs }: { readonly clock: Clock; readonly limitBytes: number; readonly timeoutMs: number },
): Promise<{ readonly line: string } | { readonly none: NoLine }> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (result: { readonly line: string } | { readonly none: NoLine }): void => {
      cancel();
      stream.off('data', take);
      stream.off('end', end);
      stream.off('close', end);
      stream.pause();
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      const at = chunk.indexOf(LINE_FEED);
      const own = at === -1 ? chunk : chunk.subarray(0, at);
      size += own.length;
      if (size > limitBytes) return settle({ none: 'too_long' });
      parts.push(own);
      if (at === -1) return undefined;
      settle({ line: Buffer.concat(parts).toString('utf8') });
      const rest = chunk.subarray(at + 1);
      if (rest.length > 0) stream.unshift(rest);
      return undefined;
    };
    const end = (): void => settle({ none: 'ended' });
    const cancel = clock.schedule(timeoutMs, () => settle({ none: 'too_late' }));
    stream.on('data', take);
    stream.once('end', end);
    stream.once('close', end);
  });
}
