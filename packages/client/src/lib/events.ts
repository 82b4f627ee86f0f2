import { type ExecutionEventMessage, PlatformError, executionEventSchema } from '@loopwright/protocol';
import { z } from 'zod';

const messageSchema = z.union([executionEventSchema, z.object({ event_type: z.literal('connected') })]);
/** The server closes with it when there is nothing more to come: the execution ended at the cursor or before it. */
const ENDED = 1000;
const FINAL = new Set(['completed', 'failed', 'cancelled']);

/** Reads the events of one WebSocket in order, until the execution ends, the signal aborts, or the connection is lost (throws). */
export async function* readEvents(url: URL, signal: AbortSignal | undefined): AsyncGenerator<ExecutionEventMessage> {
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  const arrived: string[] = [];
  let wake: () => void = () => undefined;
  let closed: CloseEvent | undefined;
  socket.addEventListener('message', ({ data }) => {
    arrived.push(String(data));
    wake();
  });
  socket.addEventListener('close', (event) => {
    closed = event;
    wake();
  });
  const abort = (): void => socket.close();
  signal?.addEventListener('abort', abort);
  try {
    for (;;) {
      const text = arrived.shift();
      if (text === undefined) {
        if (signal?.aborted === true) return;
        if (closed?.code === ENDED) return;
        if (closed !== undefined) throw lost(closed);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const message = messageSchema.parse(JSON.parse(text));
      if (!('seq' in message)) continue;
      yield message;
      if (FINAL.has(message.event_type)) return;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.close();
  }
}

function lost({ code, reason }: CloseEvent): PlatformError {
  if (code === 1008) return new PlatformError('EXECUTION_NOT_FOUND', `Cannot read the events: ${reason}`);
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot read on: the connection was closed with ${code}`);
}
