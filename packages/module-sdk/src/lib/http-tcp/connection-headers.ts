/** Headers that are about one connection (RFC 9110 §7.6.1): they do not go through. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

type HeaderValue = string | readonly string[];

/** Headers without those of the connection, and without those that this one names in `connection`. */
export function endToEnd(headers: Readonly<Record<string, HeaderValue | undefined>>): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  const named = new Set<string>();
  for (const [name, value] of Object.entries(headers))
    if (name.toLowerCase() === 'connection') for (const one of String(value).split(',')) named.add(one.trim().toLowerCase());
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value === undefined || OF_CONNECTION.has(lower) || named.has(lower)) continue;
    result[name] = typeof value === 'string' ? value : [...value];
  }
  return result;
}

/** As {@link endToEnd}, for a message that is written: its length is what it turns out to be, and not what somebody says. */
export function outgoingHeaders(headers: Readonly<Record<string, HeaderValue | undefined>>): Record<string, string | string[]> {
  const result = endToEnd(headers);
  for (const name of Object.keys(result)) if (name.toLowerCase() === 'content-length') delete result[name];
  return result;
}
