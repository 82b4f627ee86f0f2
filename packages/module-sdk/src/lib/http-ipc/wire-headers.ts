import type { WireHeaders } from '@loopwright/protocol';

/** Headers as a message has them: one text a name, several only of `set-cookie` (there they cannot be joined). */
export function toWireHeaders(headers: Headers): WireHeaders {
  const wire: WireHeaders = {};
  for (const [name, value] of headers) if (name !== 'set-cookie') wire[name] = value;
  const cookies = headers.getSetCookie();
  const [only] = cookies;
  if (only !== undefined) wire['set-cookie'] = cookies.length === 1 ? only : cookies;
  return wire;
}

/** Headers as a peer of a version reads them: version 1 knows one text a name only, and of several cookies gets the first. */
export function headersFor(version: number, headers: Readonly<Record<string, string | readonly string[]>>): WireHeaders {
  // Nearly always: then nothing has to be copied.
  if (Object.values(headers).every((value) => typeof value === 'string')) return headers as WireHeaders;
  const wire: WireHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string') wire[name] = value;
    else wire[name] = version >= 2 ? [...value] : name.toLowerCase() === 'set-cookie' ? (value[0] ?? '') : value.join(', ');
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
