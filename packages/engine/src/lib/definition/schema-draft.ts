import type { JsonObject } from '@loopwright/protocol';

/** The drafts of JSON Schema that data can be checked by. */
export type SchemaDraft = '2020-12' | '2019-09' | 'draft-07' | 'draft-06';

const DRAFTS: readonly SchemaDraft[] = ['2020-12', '2019-09', 'draft-07', 'draft-06'];
const IDENTIFIERS = new Map<string, SchemaDraft>([
  ['https://json-schema.org/draft/2020-12/schema', '2020-12'],
  ['https://json-schema.org/draft/2019-09/schema', '2019-09'],
  ['http://json-schema.org/draft-07/schema', 'draft-07'],
  ['http://json-schema.org/draft-06/schema', 'draft-06'],
]);

/**
 * The draft that a schema object of the DSL is written in: the version in its `format` (`json:2020-12`), else the `$schema` of its document, else
 * 2020-12. `refused` says why there is none.
 */
export function draftOf({ format = 'json', document }: JsonObject): SchemaDraft | { readonly refused: string } {
  const isJson = typeof format === 'string' && /^json(?::|$)/.test(format);
  if (!isJson)
    return {
      refused: `the format ${JSON.stringify(format)} is not supported: it is "json", or "json:" and one of ${DRAFTS.join(', ')}`,
    };
  const version = format.includes(':') ? format.slice(format.indexOf(':') + 1) : undefined;
  const given =
    version === undefined ? undefined : DRAFTS.find((draft) => draft.replace('draft-', '') === version.replace(/^draft-/, ''));
  if (version !== undefined && given === undefined)
    return { refused: `the version "${version}" of JSON Schema is not supported: it is one of ${DRAFTS.join(', ')}` };
  const named = identifierOf(document);
  if (named === undefined) return given ?? '2020-12';
  const own = IDENTIFIERS.get(named.replace(/#$/, ''));
  if (own === undefined) return { refused: `its "$schema" is not supported: it is one of ${[...IDENTIFIERS.keys()].join(', ')}` };
  if (given !== undefined && given !== own) return { refused: `its format says ${given} and its "$schema" ${own}` };
  return own;
}

function identifierOf(document: JsonObject[string] | undefined): string | undefined {
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return undefined;
  const { $schema: identifier } = document;
  return typeof identifier === 'string' ? identifier : undefined;
}
