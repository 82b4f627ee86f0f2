import type { Json } from '@loopwright/protocol';

const words = (text: string): string[] => text.trim().split(/\s+/u);

/** Keywords whose check takes no longer than reading the value, and that hold no further schema. */
const simpleKeywords = new Set(
  words(`$schema $id $comment title description default examples deprecated readOnly writeOnly format
    type enum const required dependentRequired
    minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength
    minItems maxItems minProperties maxProperties minContains maxContains`),
);
/** Keywords that hold a schema or a list of schemas. */
const nestedKeywords = new Set(
  words('items prefixItems additionalItems contains additionalProperties propertyNames allOf anyOf oneOf not if then else'),
);

/**
 * Whether a schema can be checked in the process that serves everybody. Schemas come from where programs come from: a `pattern` can
 * backtrack for ever, `uniqueItems` compares every pair, `$ref` can double the work with every level. Those, and all that is not known
 * to be harmless, are checked in the sandbox.
 */
export function isPlainSchema(schema: Json): boolean {
  if (typeof schema === 'boolean') return true;
  if (Array.isArray(schema)) return schema.every(isPlainSchema);
  if (schema === null || typeof schema !== 'object') return false;
  return Object.entries(schema).every(([keyword, value]) => {
    if (simpleKeywords.has(keyword)) return true;
    if (nestedKeywords.has(keyword)) return isPlainSchema(value);
    return keyword === 'properties' && value !== null && typeof value === 'object' && Object.values(value).every(isPlainSchema);
  });
}
