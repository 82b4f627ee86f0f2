import { digestOf } from '@loopwright/engine';
import { type Json, type JsonObject, toJson } from '@loopwright/protocol';

/** The longest JSON text that an entry has before or after a change, in characters; a longer one is a digest. */
export const RECORDED_CHARACTERS = 4000;
/** Names of what is not for a log, whatever operation lists it by mistake. */
const SECRET = /secret|password|passphrase|token|credential|authorization|cookie|api_?key|private/i;

/** A value as the audit log keeps it: secrets by their names are left out, and what is large is a digest. `null` for nothing. */
export function recordable(value: Json): string | null {
  if (value === null) return null;
  const text = JSON.stringify(redacted(value));
  if (text.length <= RECORDED_CHARACTERS) return text;
  return JSON.stringify({ digest: digestOf(value), characters: text.length });
}

/** Some fields of an object that came in or goes out. */
export function fieldsOf(source: unknown, names: readonly string[] = []): JsonObject {
  if (source === null || typeof source !== 'object' || Array.isArray(source)) return {};
  const given = new Map(Object.entries(source));
  return Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, toJson(given.get(name))]));
}

function redacted(value: Json): Json {
  if (Array.isArray(value)) return value.map(redacted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, SECRET.test(name) ? '[redacted]' : redacted(member)]),
  );
}
