import type { ReadableStreamReadResult } from 'node:stream/web';
import { HTTP_CHUNK_BYTES } from '@loopwright/protocol';
import { type BodyReader, bytesOf } from './body-writer.ts';

/** The beginning of a body, and how to read on. */
export interface BodyHead {
  readonly bytes: Uint8Array;
  /** The read that is under way, and its reader; `undefined` when the body is whole. */
  readonly rest: { readonly reader: BodyReader; readonly pending: Promise<ReadableStreamReadResult<Uint8Array>> } | undefined;
}

/** Turns of the queue of promises in which a body that is there at once ends. */
const TURNS = 12;

/**
 * Reads the beginning of a body. One that is there at once (a text, bytes) and fits into one message comes whole; of all others only what is there by now,
 * so that events are not held back. With `whole` it waits for all of it, up to that many bytes.
 *
 * @throws RangeError When it is longer than `whole`. What the body throws goes on.
 */
export async function headOfBody(body: ReadableStream<Uint8Array>, whole?: number): Promise<BodyHead> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const pending = reader.read();
    const next = whole === undefined ? await arrived(pending) : await pending;
    if (next === undefined) return { bytes: Buffer.concat(parts), rest: { reader, pending } };
    if (next.done)
      return { bytes: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), rest: undefined };
    const bytes = bytesOf(next.value);
    if (whole === undefined && size + bytes.length > HTTP_CHUNK_BYTES)
      return { bytes: Buffer.concat(parts), rest: { reader, pending } };
    size += bytes.length;
    if (whole !== undefined && size > whole) {
      void reader.cancel();
      throw new RangeError(`Cannot answer with a body of more than ${whole} bytes: the orchestrator takes no streams`);
    }
    parts.push(bytes);
  }
}

/** The result when it comes within a few turns, without waiting for anything else. */
async function arrived<T>(promise: Promise<T>): Promise<T | undefined> {
  const seen: { result?: T; failure?: { readonly error: unknown } } = {};
  promise.then(
    (value) => (seen.result = value),
    (error: unknown) => (seen.failure = { error }),
  );
  for (let turn = 0; turn < TURNS && seen.result === undefined && seen.failure === undefined; turn += 1) await Promise.resolve();
  if (seen.failure !== undefined) throw seen.failure.error;
  return seen.result;
}
