import type { Json } from './json.ts';

/**
 * Writes a JSON value with its object keys in code-unit order and no white space, so that equal values have equal
 * texts and therefore equal digests (RFC 8785 for the values that JavaScript's own number formatting covers).
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
