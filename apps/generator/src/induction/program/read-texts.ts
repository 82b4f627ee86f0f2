/** Characters of a text that are read; what follows is ignored. */
const READ_CHARACTERS = 8192;

/** The texts of an input: the input itself, or those of the named members of a record (empty where there is none). Throws where the shape is wrong. */
export function readTexts(input: unknown, fields: readonly string[] | null): string[] {
  if (fields === null) {
    if (typeof input !== 'string') throw new TypeError('Cannot read the input: not a string');
    return [input.slice(0, READ_CHARACTERS).toWellFormed()];
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new TypeError('Cannot read the input: not an object');
  const members = new Map<string, unknown>(Object.entries(input));
  return fields.map((name) => {
    const value = members.get(name) ?? '';
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new TypeError(`Cannot read ${JSON.stringify(name)} of the input: not a string, number or boolean`);
    return String(value).slice(0, READ_CHARACTERS).toWellFormed();
  });
}
