import type { Json, JsonObject } from '@loopwright/protocol';
import { configurationFailure, validationFailure } from './call-error.ts';
import { isObject } from './openapi-document.ts';
import type { OpenapiOperation, OpenapiParameter } from './openapi-operation.ts';
import { type RequestMessage, appendQuery, encodeBody, toHeaders } from './request-message.ts';
import { encodeSegment, hasDotSegment, parseUrl } from './uri-template.ts';

/**
 * The request that calls an operation with values by name. A name that the operation does not declare belongs to the
 * request body: `body` alone is the body, other names are its members. Throws the standard's `validation` error for a
 * required value that is missing and for a name that has no place.
 */
export function toRequest(operation: OpenapiOperation, values: Readonly<Record<string, Json>>): RequestMessage {
  const given = operation.parameters.flatMap((parameter) => {
    const name = parameter.in === 'body' && !Object.hasOwn(values, parameter.name) ? 'body' : parameter.name;
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined && value !== null) return [{ parameter, name, value }];
    if (parameter.required) throw validationFailure(`Cannot call the operation: the parameter "${parameter.name}" is missing`);
    return [];
  });
  const declared = new Set([...operation.parameters.map(({ name }) => name), ...given.map(({ name }) => name)]);
  const rest = Object.fromEntries(Object.entries(values).filter(([name]) => !declared.has(name)));
  const url = parseUrl(operation.base + fillPath(operation, given));
  const headers: Record<string, string> = operation.answersJson ? { accept: 'application/json' } : {};
  const cookies: string[] = [];
  const form: JsonObject = {};
  let body: Json | undefined;
  for (const { parameter, value } of given) {
    if (parameter.in === 'query') appendParameter(url.searchParams, parameter, value);
    else if (parameter.in === 'header') headers[parameter.name] = textOf(parameter, value);
    else if (parameter.in === 'cookie')
      cookies.push(`${encodeSegment(parameter.name)}=${encodeSegment(textOf(parameter, value))}`);
    else if (parameter.in === 'formData')
      form[parameter.name] = parameter.collectionFormat === 'multi' ? value : textOf(parameter, value);
    else if (parameter.in === 'body') body = value;
  }
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
  if (Object.keys(form).length > 0) body = form;
  body ??= bodyOf(operation, rest);
  const sent = toHeaders(headers);
  if (body !== undefined) sent.set('content-type', chooseType(operation.bodyTypes, body));
  return { method: operation.method, url, headers: sent, body: encodeBody(body, sent, operation.method) };
}

function bodyOf(operation: OpenapiOperation, rest: JsonObject): Json | undefined {
  const names = Object.keys(rest);
  const own = operation.parameters.every((parameter) => parameter.in !== 'body' && parameter.in !== 'formData');
  if (names.length > 0 && (operation.bodyTypes.length === 0 || !own)) {
    throw validationFailure(`Cannot call the operation: it has no parameter "${names.join('", "')}"`);
  }
  if (names.length === 0) {
    if (operation.bodyRequired) throw validationFailure('Cannot call the operation: its body is missing');
    return undefined;
  }
  return names.length === 1 && names[0] === 'body' ? rest['body'] : rest;
}

function chooseType(types: readonly string[], body: Json): string {
  const supported = types.find((type) => /^application\/(?:[\w.-]+\+)?json\b/i.test(type) || type === '*/*');
  if (supported !== undefined) return supported === '*/*' ? 'application/json' : supported;
  const form = types.find((type) => type.toLowerCase().startsWith('application/x-www-form-urlencoded'));
  if (form !== undefined && isObject(body)) return form;
  const [first] = types;
  if (first !== undefined && typeof body === 'string' && !first.startsWith('multipart/')) return first;
  throw configurationFailure(`Cannot call the operation: a body of "${types.join(', ')}" is not supported`);
}

function fillPath({ path }: OpenapiOperation, given: readonly { parameter: OpenapiParameter; value: Json }[]): string {
  const filled = path.replaceAll(/\{([^{}]+)\}/g, (_whole, name: string) => {
    const found = given.find(({ parameter }) => parameter.in === 'path' && parameter.name === name);
    if (found === undefined) throw validationFailure(`Cannot call the operation: the parameter "${name}" is missing`);
    if (found.parameter.style !== undefined && found.parameter.style !== 'simple') {
      throw configurationFailure(`Cannot call the operation: the style "${found.parameter.style}" of "${name}" is not supported`);
    }
    // The commas between items stand for themselves, those inside items do not.
    return itemsOf(found.parameter, found.value).map(encodeSegment).join(separatorOf(found.parameter));
  });
  if (hasDotSegment(filled)) throw validationFailure('Cannot call the operation: a value would change its path');
  return filled;
}

function appendParameter(query: URLSearchParams, parameter: OpenapiParameter, value: Json): void {
  const { name, style = 'form', content, collectionFormat } = parameter;
  if (content !== undefined) return query.append(name, JSON.stringify(value));
  // OpenAPI 3 repeats a name for each item unless told otherwise, Swagger 2 joins items unless told otherwise.
  const explode =
    parameter.explode ??
    (collectionFormat === undefined ? style === 'form' && parameter['type'] !== 'array' : collectionFormat === 'multi');
  if (isObject(value) && style === 'deepObject') {
    return appendQuery(query, Object.fromEntries(Object.entries(value).map(([key, item]) => [`${name}[${key}]`, item])));
  }
  if (explode && isObject(value)) return appendQuery(query, value);
  if (explode && Array.isArray(value)) return appendQuery(query, { [name]: value });
  query.append(name, textOf(parameter, value));
}

function textOf(parameter: OpenapiParameter, value: Json): string {
  return itemsOf(parameter, value).join(separatorOf(parameter));
}

function separatorOf({ style, collectionFormat }: OpenapiParameter): string {
  const separators: Readonly<Record<string, string>> = {
    ssv: ' ',
    spaceDelimited: ' ',
    tsv: '\t',
    pipes: '|',
    pipeDelimited: '|',
  };
  return separators[collectionFormat ?? style ?? ''] ?? ',';
}

/** The texts that a value is written with: one for a scalar, one an item, name and value for each member of an object. */
function itemsOf(parameter: OpenapiParameter, value: Json): string[] {
  const text = (item: Json): string => (typeof item === 'object' && item !== null ? JSON.stringify(item) : String(item));
  if (Array.isArray(value)) return value.map(text);
  if (!isObject(value)) return [text(value)];
  if (parameter.explode === true) return Object.entries(value).map(([key, item]) => `${key}=${text(item)}`);
  return Object.entries(value).flatMap(([key, item]) => [key, text(item)]);
}
