import type { ServerResponse } from 'node:http';
import type { EventFormat } from './event-json.ts';
import type { Farewell, Outlet } from './outlet.ts';
import { StreamMessage } from './stream-message.ts';

/** How long a reader waits before it connects again, in milliseconds. */
const RETRY_MS = 1000;
/** A connection without traffic is asked by the operating system whether it lives, after this many milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** A reader of Server-Sent Events. The headers go out at once. */
export function sseOutlet(response: ServerResponse, format: EventFormat, headers: Readonly<Record<string, string>>): Outlet {
  response.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  response.socket?.setNoDelay(true);
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    // Neither kept nor changed nor gathered by what lies in between.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.on('error', () => response.destroy());
  response.write(`retry: ${RETRY_MS}\n\n`);
  const isOpen = (): boolean => !response.writableEnded && !response.destroyed;
  return {
    get buffered() {
      return response.writableLength;
    },
    get isOpen() {
      return isOpen();
    },
    // Nothing comes from a reader of this kind: the operating system finds out when it is gone.
    isSilent: false,
    send: (message) => void response.write(message.frame('sse', format)),
    // The socket and not the answer: an answer that ends while it is corked writes its end before what it held back (Node 24).
    cork: () => response.socket?.cork(),
    uncork: () => response.socket?.uncork(),
    // An id without data moves the cursor of an EventSource and calls nobody.
    ping: (cursor) => void response.write(cursor === null ? ': ping\n\n' : `: ping\nid: ${cursor}\n\n`),
    close: (why, cursor) => {
      if (isOpen()) response.end(farewell(why, cursor).frame('sse', format));
    },
    destroy: () => response.destroy(),
    onDrain: (run) => void response.on('drain', run),
    onClosed: (run) => void response.on('close', run),
  };
}

function farewell(why: Farewell, cursor: number): StreamMessage {
  if (why === 'end') return StreamMessage.control({ event_type: 'end', cursor });
  return StreamMessage.control({ event_type: 'closing', reason: why, cursor, retry_after_ms: RETRY_MS });
}
