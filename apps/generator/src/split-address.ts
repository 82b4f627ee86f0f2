import { z } from 'zod';

/** Host and port of `host:port`; the host of an IPv6 address stands in brackets. Throws ZodError for a port that is none. */
export function splitAddress(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[|\]$/gu, '');
  const port = z.coerce.number().int().min(0).max(65_535);
  return { host: host || '127.0.0.1', port: port.parse(listen.slice(colon + 1)) };
}
