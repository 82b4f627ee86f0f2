import type { Json, JsonObject } from '@loopwright/protocol';
import type { InputKind } from '../read/input-kind.ts';

/** The dialect of the schemas. */
export const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** JSON Schema of what the program takes. Members that it does not know are allowed and ignored. */
export function inputSchema(kind: InputKind): JsonObject {
  if (kind.kind === 'text') {
    if (kind.field === null) return { $schema: DIALECT, type: 'string' };
    return { $schema: DIALECT, type: 'object', properties: { [kind.field]: { type: 'string' } }, required: [kind.field] };
  }
  const properties = kind.fields.map(({ name, kind: cell, always }): [string, Json] => {
    const type = cell === 'category' ? 'string' : cell;
    return [name, { type: always ? type : [type, 'null'] }];
  });
  const required = kind.fields.filter((field) => field.always).map((field) => field.name);
  return { $schema: DIALECT, type: 'object', properties: Object.fromEntries(properties), required };
}

/** JSON Schema of what the program answers. */
export function outputSchema(answers: readonly (string | number | boolean)[]): JsonObject {
  return { $schema: DIALECT, enum: [...answers] };
}
