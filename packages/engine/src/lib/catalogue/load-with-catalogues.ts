import { type Json, type JsonObject, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { checkDefinition } from '../definition/load-definition.ts';
import { type Issue, readSource } from '../definition/read-source.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { bundleSchemas } from './bundle-schemas.ts';
import type { CatalogueReader } from './catalogue-reader.ts';
import { documentUri, isCatalogued } from './function-reference.ts';

/** How many functions of catalogues one definition may have, those that they call included. */
const FUNCTIONS_LIMIT = 100;

const rootSchema = z.union([z.string(), z.strictObject({ uri: z.string() }).transform(({ uri }) => uri)]);
const useSchema = z.looseObject({
  catalogs: z.record(z.string(), z.looseObject({ endpoint: z.unknown() })).optional(),
  functions: z.record(z.string(), z.json()).optional(),
});

/**
 * Reads a definition as `loadDefinition` does, and with it the functions of catalogues that it calls (`log:1.0.0@global`, or a URI) and the
 * schemas of its resources. They become a part of the definition, the functions under `use.functions`, so they are in its digest and an
 * execution keeps what it started with, whatever is there later. Such a function gets neither the secrets nor the policies of the definition.
 *
 * Throws INVALID_DEFINITION, also for what cannot be read.
 */
export async function loadWithCatalogues(
  text: string,
  functions: FunctionCatalogue,
  read: CatalogueReader,
): Promise<WorkflowDefinition> {
  const source = readSource(text);
  const use = useSchema.safeParse(source.value['use'] ?? {}).data;
  // What is wrong with the form is said by the check of all.
  if (use === undefined) return checkDefinition(source, functions);
  const catalogues = new Map<string, string>();
  for (const [name, { endpoint }] of Object.entries(use.catalogs ?? {})) {
    const root = rootSchema.safeParse(endpoint).data;
    if (root !== undefined) catalogues.set(name, root);
  }
  const found: JsonObject = { ...use.functions };
  const open = [...callsIn(source.value)];
  const issues: Issue[] = [];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (Object.hasOwn(found, next.call)) continue;
    try {
      if (Object.keys(found).length >= FUNCTIONS_LIMIT) throw new Error(`there are more than ${FUNCTIONS_LIMIT} functions`);
      const uri = documentUri(next.call, catalogues);
      if (uri === undefined) throw new Error('use.catalogs has no catalogue of that name whose endpoint can be read');
      const value = readSource(await read(uri)).value;
      found[next.call] = value;
      open.push(...callsIn(value).map(({ call }) => ({ call, path: next.path })));
    } catch (error) {
      issues.push({ path: next.path, message: `Cannot read the function "${next.call}": ${messageOf(error)}` });
      found[next.call] = { set: {} };
    }
  }
  const withFunctions =
    Object.keys(found).length === 0 ? source.value : ({ ...source.value, use: { ...use, functions: found } } as JsonObject);
  const bundled = await bundleSchemas(withFunctions, read);
  issues.push(...bundled.issues);
  if (issues.length > 0) throw source.refuse(issues);
  return checkDefinition(source, functions, bundled.value);
}

/** The calls of functions of catalogues inside a definition or a function, with their places. */
function callsIn(value: Json, path: readonly string[] = []): { call: string; path: readonly string[] }[] {
  if (value === null || typeof value !== 'object') return [];
  const call = Array.isArray(value) ? undefined : value['call'];
  const own = typeof call === 'string' && isCatalogued(call) ? [{ call, path: [...path, 'call'] }] : [];
  const inside = Object.entries(value).filter(([key]) => Array.isArray(value) || !DATA.has(key));
  return [...own, ...inside.flatMap(([key, item]) => callsIn(item, [...path, key]))];
}

/** Keys below which there is data and no task. */
const DATA = new Set(['with', 'set', 'metadata', 'schema', 'document']);
