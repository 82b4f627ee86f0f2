import type { Json, JsonObject } from '@loopwright/protocol';
import { z } from 'zod';
import { configurationFailure } from './call-error.ts';
import { type OpenapiDocument, dereference, isObject } from './openapi-document.ts';
import { parseUrl } from './uri-template.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

const parameterSchema = z.looseObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header', 'cookie', 'body', 'formData']),
  required: z.boolean().default(false),
  style: z.string().optional(),
  explode: z.boolean().optional(),
  collectionFormat: z.string().optional(),
  content: z.record(z.string(), z.unknown()).optional(),
});

/** A parameter as a document declares it. */
export type OpenapiParameter = z.infer<typeof parameterSchema>;

/** One operation of a document, with what is needed to call it. */
export interface OpenapiOperation {
  readonly method: string;
  /** Absolute, without trailing slash, to put the path behind. */
  readonly base: string;
  readonly path: string;
  readonly parameters: readonly OpenapiParameter[];
  /** Media types that the body may have, in the document's order; empty when the operation takes none. */
  readonly bodyTypes: readonly string[];
  readonly bodyRequired: boolean;
  readonly answersJson: boolean;
}

/** Finds an operation by its id. Throws the standard's `configuration` error when there is none, or it cannot be called. */
export function findOperation(document: OpenapiDocument, operationId: string): OpenapiOperation {
  const { root } = document;
  for (const [path, reference] of Object.entries(isObject(root['paths']) ? root['paths'] : {})) {
    const item = dereference(root, reference);
    if (!isObject(item)) continue;
    for (const method of METHODS) {
      const operation = item[method];
      if (isObject(operation) && operation['operationId'] === operationId)
        return describe(document, { path, item, method, operation });
    }
  }
  throw configurationFailure(
    `Cannot call the operation "${operationId}": the document at "${document.url.origin}${document.url.pathname}" has none of that id`,
  );
}

interface Found {
  readonly path: string;
  readonly item: JsonObject;
  readonly method: string;
  readonly operation: JsonObject;
}

function describe(document: OpenapiDocument, { path, item, method, operation }: Found): OpenapiOperation {
  const { root, swagger } = document;
  const parameters = new Map<string, OpenapiParameter>();
  for (const reference of [...listOf(item['parameters']), ...listOf(operation['parameters'])]) {
    const parsed = parameterSchema.safeParse(dereference(root, reference));
    if (!parsed.success)
      throw configurationFailure(
        `Cannot call ${method.toUpperCase()} "${path}": a parameter is not declared validly in this document`,
      );
    parameters.set(`${parsed.data.in} ${parsed.data.name}`, parsed.data);
  }
  const all = [...parameters.values()];
  const body = dereference(root, operation['requestBody']);
  const content = isObject(body) && isObject(body['content']) ? Object.keys(body['content']) : [];
  const form = all.some((parameter) => parameter.in === 'formData');
  const consumes = textsOf(operation['consumes'] ?? root['consumes']);
  const takesBody = form || all.some((parameter) => parameter.in === 'body');
  const standard = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    method: method.toUpperCase(),
    base: (swagger ? swaggerBase(document, operation) : serverBase(document, item, operation)).replace(/\/$/, ''),
    path,
    parameters: all,
    bodyTypes: swagger ? (takesBody ? (consumes.length > 0 ? consumes : [standard]) : []) : content,
    bodyRequired: isObject(body) && body['required'] === true,
    answersJson: answerTypes(document, operation).some((type) => /json/i.test(type)),
  };
}

function answerTypes({ root, swagger }: OpenapiDocument, operation: JsonObject): string[] {
  if (swagger) return textsOf(operation['produces'] ?? root['produces']);
  const responses = isObject(operation['responses']) ? Object.values(operation['responses']) : [];
  return responses.flatMap((reference) => {
    const response = dereference(root, reference);
    return isObject(response) && isObject(response['content']) ? Object.keys(response['content']) : [];
  });
}

/** OpenAPI 3: the first server of the operation, the path or the document, its variables at their defaults. */
function serverBase({ root, url }: OpenapiDocument, item: JsonObject, operation: JsonObject): string {
  const servers = [operation['servers'], item['servers'], root['servers']].find((list) => listOf(list).length > 0);
  const server = listOf(servers)[0];
  if (!isObject(server) || typeof server['url'] !== 'string') return parseUrl('/', url).href;
  const variables = isObject(server['variables']) ? server['variables'] : {};
  const filled = server['url'].replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = variables[name];
    return isObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : whole;
  });
  const base = parseUrl(filled, url);
  return `${base.origin}${base.pathname}`;
}

/** Swagger 2.0: https where offered, the document's own scheme and host where none is named. */
function swaggerBase({ root, url }: OpenapiDocument, operation: JsonObject): string {
  const schemes = textsOf(operation['schemes'] ?? root['schemes']);
  const own = url.protocol.slice(0, -1);
  const scheme = ['https', own, 'http'].find((candidate) => schemes.includes(candidate)) ?? own;
  const host = typeof root['host'] === 'string' ? root['host'] : url.host;
  const path = typeof root['basePath'] === 'string' ? root['basePath'] : '/';
  const base = parseUrl(`${scheme}://${host}/${path.replace(/^\//, '')}`);
  return `${base.origin}${base.pathname}`;
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: Json | undefined): string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}
