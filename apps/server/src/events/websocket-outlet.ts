import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import type { EventFormat } from './event-json.ts';
import type { Farewell, Outlet } from './outlet.ts';
import { StreamMessage } from './stream-message.ts';

/** Codes of RFC 6455 and its registry, with the reason as text. */
const CODES: Readonly<Record<Farewell, readonly [number, string]>> = {
  end: [1000, ''],
  closing: [1001, 'The server is closing: connect again with the last cursor'],
  too_slow: [1008, 'TOO_SLOW: nothing was read for too long'],
  forbidden: [1008, 'FORBIDDEN'],
};

/** A reader on a WebSocket, and the connection under it. */
export function webSocketOutlet(socket: WebSocket, format: EventFormat, connection: Socket): Outlet {
  let isSilent = false;
  let drained: () => void = () => undefined;
  const onSent = (): void => drained();
  socket.on('pong', () => {
    isSilent = false;
  });
  socket.on('error', () => socket.terminate());
  return {
    get buffered() {
      return socket.bufferedAmount;
    },
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    get isSilent() {
      return isSilent;
    },
    send: (message) => socket.send(message.frame('websocket', format), { binary: false }, onSent),
    cork: () => connection.cork(),
    uncork: () => connection.uncork(),
    ping: (cursor) => {
      if (cursor !== null)
        socket.send(StreamMessage.control({ event_type: 'cursor', cursor }, cursor).frame('websocket', format), {
          binary: false,
        });
      isSilent = true;
      socket.ping();
    },
    close: (why) => socket.close(...CODES[why]),
    destroy: () => socket.terminate(),
    onDrain: (run) => {
      drained = run;
    },
    onClosed: (run) => void socket.on('close', run),
  };
}
