const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '::1']);

/** Whether a host, with or without a port as in a `Host` header, is of this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || LOOPBACK.has(host.replace(/:\d+$/, ''));
}
