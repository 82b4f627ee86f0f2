import { type Json, type JsonObject, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { definitionSchema } from '../definition/definition.ts';
import { everySchema } from '../definition/every-schema.ts';
import { type Issue, readSource } from '../definition/read-source.ts';
import { isExpression } from '../expression/expression.ts';
import { VALUE_LIMIT_CHARACTERS } from '../limits.ts';
import type { CatalogueReader } from './catalogue-reader.ts';

/** How many schemas of resources one definition may have. */
const SCHEMAS_LIMIT = 100;

const resourceSchema = z.strictObject({
  name: z.string().optional(),
  endpoint: z.union([z.string(), z.strictObject({ uri: z.string() }).transform(({ uri }) => uri)]),
});

/**
 * Puts the documents of `schema: { resource }` in the place of the resources, so that they are a part of the definition and in its digest, whatever
 * the resource says later. They are read once, as YAML or JSON, with no credentials and before there is any data that could name them.
 */
export async function bundleSchemas(
  value: JsonObject,
  read: CatalogueReader,
): Promise<{ readonly value: JsonObject; readonly issues: readonly Issue[] }> {
  const parsed = definitionSchema.safeParse(value);
  // What is wrong with the form is said by the check of all.
  const placed = parsed.success ? [...everySchema(parsed.data)].filter(({ schema }) => Object.hasOwn(schema, 'resource')) : [];
  if (placed.length === 0) return { value, issues: [] };
  let bundled: JsonObject = value;
  const documents = new Map<string, JsonObject>();
  const issues: Issue[] = [];
  let characters = 0;
  for (const { path, schema } of placed) {
    const { resource, ...others } = schema;
    try {
      const uri = uriOf(resource);
      if (!documents.has(uri) && documents.size >= SCHEMAS_LIMIT) throw new Error(`there are more than ${SCHEMAS_LIMIT}`);
      const document = documents.get(uri) ?? readSource(await read(uri)).value;
      documents.set(uri, document);
      characters += JSON.stringify(document).length;
      if (characters > VALUE_LIMIT_CHARACTERS) throw new Error(`all of them have more than ${VALUE_LIMIT_CHARACTERS} characters`);
      bundled = replacedAt(bundled, path, { ...others, document }) as JsonObject;
    } catch (error) {
      issues.push({ path: [...path, 'resource'], message: `Cannot read the schema: ${messageOf(error)}` });
    }
  }
  return { value: bundled, issues };
}

function uriOf(resource: Json | undefined): string {
  const parsed = resourceSchema.safeParse(resource);
  if (!parsed.success) throw new Error('a resource has an endpoint, a URI without authentication, and may have a name');
  const { endpoint } = parsed.data;
  if (isExpression(endpoint) || /[{}]/.test(endpoint))
    throw new Error('schemas are read with the definition, before there is any data that its URI could use');
  return endpoint;
}

function replacedAt(value: Json | undefined, [part, ...rest]: readonly string[], by: JsonObject): Json {
  if (part === undefined) return by;
  if (Array.isArray(value)) return value.with(Number(part), replacedAt(value[Number(part)], rest, by));
  if (value === null || typeof value !== 'object') return by;
  return { ...value, [part]: replacedAt(value[part], rest, by) };
}
