import type { Clock } from '@loopwright/protocol';
import type { WebSocketServer } from 'ws';

/** How long a reader may take to take leave, in milliseconds. */
const FAREWELL_MS = 1000;

/** Ends every stream of events: readers are told that the server goes, those that do not answer are cut off. */
export function closeStreams(streams: WebSocketServer, clock: Clock, done: () => void): void {
  for (const reader of streams.clients) reader.close(1001);
  const cancel = clock.schedule(FAREWELL_MS, () => {
    for (const reader of streams.clients) reader.terminate();
  });
  streams.close(() => {
    cancel();
    done();
  });
}
