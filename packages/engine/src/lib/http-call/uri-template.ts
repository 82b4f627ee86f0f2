import type { Json } from '@loopwright/protocol';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { configurationFailure } from './call-error.ts';

const URI_LIMIT_CHARACTERS = 8192;
const VARIABLE = /\{([^{}]*)\}/g;
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/**
 * Fills the `{name}` of a URI template from the top-level members of `values`: the simple string expansion of RFC 6570,
 * which is all the standard asks for. A member that is missing or null becomes an empty text. Throws the standard's
 * `expression` error for an object or array, and for a value that would climb out of its path segment.
 */
export function expandUri(template: string, values: Json): string {
  const members = typeof values === 'object' && values !== null && !Array.isArray(values) ? values : {};
  const expanded = template.replaceAll(VARIABLE, (_whole, name: string) => {
    const value = Object.hasOwn(members, name) ? members[name] : null;
    if (value === null || value === undefined) return '';
    if (typeof value === 'object') throw expressionFailure(`"${name}" is not a text, a number or a boolean`);
    return encodeSegment(String(value));
  });
  if (hasDotSegment(expanded) && !hasDotSegment(template)) throw expressionFailure('a value would change the path');
  return expanded;
}

/** A value as it may stand anywhere in a URI: all but the unreserved characters of RFC 3986 percent-encoded. */
export function encodeSegment(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Whether a path has a segment `.` or `..`, which a URL parser would take for a way up. */
export function hasDotSegment(uri: string): boolean {
  const path = uri.split(/[?#]/, 1)[0] ?? '';
  return path.split('/').some((segment) => DOT_SEGMENT.test(segment));
}

/** Reads an absolute `http` or `https` URL. Throws the standard's `configuration` error, which never shows user information. */
export function parseUrl(uri: string, base?: URL): URL {
  if (uri.length > URI_LIMIT_CHARACTERS) {
    throw configurationFailure(`Cannot call the endpoint: its URI has more than ${URI_LIMIT_CHARACTERS} characters`);
  }
  const url = URL.parse(uri, base?.href);
  if (url === null) throw configurationFailure('Cannot call the endpoint: its URI is not absolute or not valid');
  if (url.username !== '' || url.password !== '') {
    throw configurationFailure(`Cannot call "${url.host}": credentials belong into authentication, not into the URI`);
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw configurationFailure(`Cannot call the endpoint: "${url.protocol}" is neither http: nor https:`);
}

function expressionFailure(why: string): WorkflowError {
  return new WorkflowError({
    type: 'expression',
    status: 400,
    title: 'VALIDATION_ERROR',
    detail: `Cannot fill the URI template: ${why}`,
  });
}
