import type { Json } from '@loopwright/protocol';
import type { Content, Operation } from './openapi.ts';
import { type JsonSchema, exampleOf } from './schema-rows.ts';

/** How an operation is asked from a shell: a line of curl, with what must be there. The key is a variable, and so never in the history of the shell. */
export function curlText(
  { method, path, parameters, body, permission }: Operation,
  base: string,
  named: Readonly<Record<string, JsonSchema>>,
): string {
  const query = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(textOf(exampleOf(schema, named)))}`);
  const url = `${base}${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  const [type, content] = Object.entries(body?.content ?? {})[0] ?? [];
  return [
    `curl${method === 'GET' ? '' : ` -X ${method}`} '${url}'`,
    ...(permission === 'nothing' ? [] : [`-H "authorization: Bearer $LOOPWRIGHT_API_KEY"`]),
    ...(type === undefined ? [] : [`-H 'content-type: ${type}'`, bodyText(type, content, named)]),
  ].join(' \\\n  ');
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The example of the document, or one that has what must be there. */
function bodyText(type: string, content: Content[string] | undefined, named: Readonly<Record<string, JsonSchema>>): string {
  if (type !== 'application/json') return '--data-binary @FILE';
  const value = (content?.example as Json | undefined) ?? (content?.schema === undefined ? {} : exampleOf(content.schema, named));
  return `-d '${JSON.stringify(value).replaceAll("'", String.raw`'\''`)}'`;
}
