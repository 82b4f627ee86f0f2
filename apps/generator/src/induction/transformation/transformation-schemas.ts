import type { Json, JsonObject } from '@loopwright/protocol';
import { DIALECT } from '../emit/schemas.ts';
import type { OutputField, TransformationData } from './read-transformation.ts';

/** JSON Schemas of what a transformation takes and makes. */
export function transformationSchemas(
  { inputFields, fields }: Pick<TransformationData, 'inputFields' | 'fields'>,
  fallback: string | null,
): { inputSchema: JsonObject; outputSchema: JsonObject } {
  const scalar: Json = { type: ['string', 'number', 'boolean', 'null'] };
  const inputSchema: JsonObject =
    inputFields === null
      ? { $schema: DIALECT, type: 'string' }
      : { $schema: DIALECT, type: 'object', properties: Object.fromEntries(inputFields.map((name) => [name, scalar])) };
  const [only] = fields;
  if (only?.name === null) return { inputSchema, outputSchema: { $schema: DIALECT, type: typesOf(only, fallback) } };
  const properties = Object.fromEntries(fields.map((field) => [field.name ?? '', { type: typesOf(field, null) }]));
  const record: JsonObject = { type: 'object', properties, required: fields.map(({ name }) => name ?? '') };
  const outputSchema =
    fallback === null ? { $schema: DIALECT, ...record } : { $schema: DIALECT, anyOf: [record, { const: fallback }] };
  return { inputSchema, outputSchema };
}

function typesOf({ type }: OutputField, fallback: string | null): string[] {
  return [...new Set([type, 'null', ...(fallback === null ? [] : ['string'])])];
}
