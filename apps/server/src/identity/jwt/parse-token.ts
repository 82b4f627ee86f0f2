import type { CompactJWSHeaderParameters } from 'jose';
import { z } from 'zod';

/** The longest token, in characters. Longer ones are not even decoded. */
const TOKEN_LIMIT_CHARACTERS = 8192;
/** Header parameters that bring a key, or say where to fetch one, or change how the rest is read. Keys come from the configuration alone. */
const REFUSED_PARAMETERS = ['jwk', 'jku', 'x5u', 'crit', 'b64', 'zip', 'enc'] as const;

/** A token in its parts, none of which is believed yet. */
export interface UnverifiedToken {
  readonly header: CompactJWSHeaderParameters;
  readonly issuer: string;
}

const headerSchema = z.looseObject({
  alg: z.string().max(20),
  typ: z.string().max(100).optional(),
  kid: z.string().max(200).optional(),
});
const payloadSchema = z.looseObject({ iss: z.string().max(500) });

/** Takes a compact JWS apart; gives why it is not one, for the log. Nothing in it is used for anything but to choose the configured issuer. */
export function parseToken(token: string): UnverifiedToken | { readonly refused: string } {
  if (token.length > TOKEN_LIMIT_CHARACTERS) return { refused: 'giant token' };
  const [, headerPart = '', payloadPart = ''] = /^([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  const header = headerSchema.safeParse(jsonIn(headerPart));
  if (!header.success) return { refused: 'no header of a signed token' };
  const odd = REFUSED_PARAMETERS.find((name) => Object.hasOwn(header.data, name));
  if (odd !== undefined) return { refused: `header parameter ${odd}` };
  const payload = payloadSchema.safeParse(jsonIn(payloadPart));
  if (!payload.success) return { refused: 'no claims, or no issuer' };
  const { alg, typ, kid } = header.data;
  return {
    header: { alg, ...(typ === undefined ? {} : { typ }), ...(kid === undefined ? {} : { kid }) },
    issuer: payload.data.iss,
  };
}

function jsonIn(part: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return hasDuplicateMember(text) ? undefined : value;
  } catch {
    return undefined;
  }
}

/**
 * Whether an object in a valid JSON text has a member twice. Parsers differ in which of the two counts, so that what the issuer checked and what is read
 * here could be different things (RFC 8725 §2.4 has the like).
 */
function hasDuplicateMember(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':')) {
      const name: unknown = JSON.parse(token.slice(0, -1));
      const members = open.at(-1);
      if (typeof name !== 'string' || members?.has(name) !== false) return true;
      members.add(name);
    }
  }
  return false;
}
