import type { IncomingMessage, OutgoingMessage } from 'node:http';
import { HTTP_CHUNK_BYTES } from '@loopwright/protocol';

/** The length that a message says; `undefined` when it says none. */
export function lengthOf(message: IncomingMessage): number | undefined {
  const length = message.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Whether a body of this length is taken whole with its head, as over the module channel. */
export function isSmall(length: number | undefined): length is number {
  return length !== undefined && length <= HTTP_CHUNK_BYTES;
}

/** All bytes of a message whose length is small. Rejects when it breaks off. */
export function wholeBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    message.on('data', (part: Buffer) => parts.push(part));
    message.on('end', () => resolve(Buffer.concat(parts)));
    message.on('error', reject);
    message.on('close', () => {
      if (!message.complete) reject(new Error('Cannot read the body: the connection broke'));
    });
  });
}

/**
 * The body of a message as a stream, read only as fast as it is taken. `waits` is called when somebody waits for a piece, what it returns when that is over; it can
 * end the wait by destroying the message with an error.
 */
export function streamedBody(message: IncomingMessage, waits: () => () => void): ReadableStream<Uint8Array> {
  const pieces = message[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const over = waits();
        try {
          const next = await pieces.next();
          if (next.done === true) controller.close();
          else controller.enqueue(new Uint8Array(next.value.buffer, next.value.byteOffset, next.value.byteLength));
        } finally {
          over();
        }
      },
      cancel: () => void message.destroy(),
    },
    { highWaterMark: 0 },
  );
}

/** Resolves when a message that is written has room again, or when its connection is closed. */
export function roomIn(outgoing: OutgoingMessage): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go);
      outgoing.off('close', go);
      resolve();
    };
    outgoing.on('drain', go);
    outgoing.on('close', go);
  });
}
