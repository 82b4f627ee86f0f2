import type { Duplex } from 'node:stream';
import type { Clock } from '@loopwright/protocol';
import { FRAME_HEAD_BYTES } from '../frames/frame.ts';

const LINE_FEED = 10;

/** Why there is nothing to read. */
type NoWords = 'too_long' | 'too_late' | 'ended';

/** What comes first on a connection: a line, or a frame (which begins with the upper byte of its length, zero; no line does). */
export type FirstWords =
  | { readonly line: string }
  | { readonly formatByte: number; readonly data: Buffer }
  | { readonly none: NoWords };

/** Reads one line or frame and nothing more: what comes behind it stays in the stream, which is paused then. Holds at most the limit. */
export function readFirstWords(
  stream: Duplex,
  { clock, limitBytes, timeoutMs }: { readonly clock: Clock; readonly limitBytes: number; readonly timeoutMs: number },
): Promise<FirstWords> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    const settle = (result: FirstWords, rest?: Buffer): void => {
      cancel();
      stream.off('data', take);
      stream.off('end', end);
      stream.off('close', end);
      stream.pause();
      if (rest !== undefined && rest.length > 0) stream.unshift(rest);
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      // What is held is short of the limit, so that this is cheap.
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const first = firstOf(held, limitBytes);
      if (first !== undefined) settle(first.words, held.subarray(first.bytes));
    };
    const end = (): void => settle({ none: 'ended' });
    const cancel = clock.schedule(timeoutMs, () => settle({ none: 'too_late' }));
    stream.on('data', take);
    stream.once('end', end);
    stream.once('close', end);
  });
}

/** What is there, and its bytes; `undefined` while more must come. */
function firstOf(held: Buffer, limitBytes: number): { readonly words: FirstWords; readonly bytes: number } | undefined {
  const tooLong = { words: { none: 'too_long' }, bytes: held.length } as const;
  if (held[0] === 0) {
    if (held.length < FRAME_HEAD_BYTES) return undefined;
    const length = held.readUInt32BE();
    if (length > limitBytes) return tooLong;
    const bytes = FRAME_HEAD_BYTES + length;
    if (held.length < bytes) return undefined;
    return { words: { formatByte: held[FRAME_HEAD_BYTES - 1] ?? 0, data: held.subarray(FRAME_HEAD_BYTES, bytes) }, bytes };
  }
  const at = held.indexOf(LINE_FEED);
  if (at > limitBytes || (at === -1 && held.length > limitBytes)) return tooLong;
  return at === -1 ? undefined : { words: { line: held.toString('utf8', 0, at) }, bytes: at + 1 };
}
