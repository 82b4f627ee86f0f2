import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { StreamTransport } from './stream-transport.ts';
import type { Transport } from './transport.ts';

/** Where a socket is: the path of a Unix socket, or a host and a port of TCP. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** A socket that takes connections. */
export interface TransportListener {
  /** Where it listens; the port that was chosen when 0 was asked for. */
  readonly address: SocketAddress;
  /** Takes no more connections; those that are there stay. The file of a Unix socket is removed. */
  close(): Promise<void>;
}

const transportOf = (socket: Socket): Transport => {
  // Messages are small and each is waited for.
  socket.setNoDelay(true);
  return new StreamTransport({ input: socket, output: socket });
};

/** Connects to a socket. @throws The error of the connection. */
export async function connectTransport(address: SocketAddress): Promise<Transport> {
  const socket = connect(address);
  await once(socket, 'connect');
  return transportOf(socket);
}

/**
 * Listens for connections. Whoever can reach the socket can speak: a Unix socket is for its owner only (mode 0600), a TCP socket belongs on loopback unless the
 * protocol above asks for a token. @throws The error of listening.
 */
export async function listenTransport(
  address: SocketAddress,
  onTransport: (transport: Transport) => void,
): Promise<TransportListener> {
  const server = createServer((socket) => onTransport(transportOf(socket)));
  server.listen(address);
  await once(server, 'listening');
  if ('path' in address) await chmod(address.path, 0o600);
  const bound = server.address();
  return {
    address: typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : address,
    close: async () => {
      server.close();
      if ('path' in address) await rm(address.path, { force: true });
    },
  };
}
