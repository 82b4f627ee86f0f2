type WireHeaders = Record<string, string | string[]>;

/** Headers as a message has them: one text a name, several only of `set-cookie` and only from version 2 (there they cannot be joined). */
export function toWireHeaders(headers: Headers, version: number): WireHeaders {
  const wire: WireHeaders = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 1) wire['set-cookie'] = version < 2 ? (cookies[0] ?? '') : cookies;
  return wire;
}

/** Headers from a message. @throws TypeError When a name or a value is none. */
export function fromWireHeaders(wire: Readonly<Record<string, string | readonly string[]>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(wire))
    if (typeof value === 'string') headers.append(name, value);
    else for (const one of value) headers.append(name, one);
  return headers;
}
