// What the source's Python side writes otherwise than its Rust side, whose form is the canonical one (`reference/domain.md` §2.2).

/** The message as the tables have it. Gives the value itself when it is in that form already. */
export function canonicalForm(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { op } = value;
  if (op === undefined) return bareAnnounce(value);
  if (typeof op !== 'string') return value;
  const flat = flattened(op, value);
  return op === 'port_negotiation' ? portRequest(flat) : flat;
}

/** `{"op":"secret","secret":{…}}`: the fields stand below the name of the message. Only a message with nothing else beside it is meant. */
function flattened(op: string, value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const body = Object.hasOwn(value, op) ? value[op] : undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body) || Object.keys(value).length !== 2) return value;
  return { ...body, op };
}

/** The announcement without an `op`. */
function bareAnnounce(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.hasOwn(value, 'listen') && Object.hasOwn(value, 'endpoints') ? { ...value, op: 'announce' } : value;
}

/** `port_negotiation` with a wish; the range that it may name has no place in the canonical form. */
function portRequest(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { preferred_port: wish, port_range: _range, ...rest } = value;
  return { ...rest, op: 'port_request', ...(wish === undefined ? {} : { specific_port: wish }) };
}
