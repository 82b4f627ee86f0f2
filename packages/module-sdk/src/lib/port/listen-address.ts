import type { SocketAddress } from '../transport/socket-transport.ts';

/** Reads the `listen` of an init object or an announcement: `host:port`, `[host]:port`, or the path of a Unix socket (it has a `/`). @throws RangeError */
export function parseListen(listen: string): SocketAddress {
  if (listen.includes('/')) return { path: listen };
  const [, six, host = six, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(listen) ?? [];
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535))
    throw new RangeError(`Cannot listen at "${listen}": it is neither host:port nor the path of a socket`);
  return { host, port };
}

/** An address as messages have it. */
export function formatListen(address: SocketAddress): string {
  if ('path' in address) return address.path;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
