import { createHash } from 'node:crypto';
import type { Json } from '@loopwright/protocol';
import { limitFailure, validationFailure } from './call-error.ts';

const HEADER_COUNT_LIMIT = 100;
const HEADER_LIMIT_CHARACTERS = 32_768;
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
const KEY_LIMIT_CHARACTERS = 255;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Headers that the connection owns; a definition that sets one would break the message. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A request as it is sent. */
export interface RequestMessage {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body?: string | undefined;
}

/** Headers from names and values. Throws the standard's `validation` error, which shows names and never values. */
export function toHeaders(values: Readonly<Record<string, string | number | boolean | null>> = {}): Headers {
  const headers = new Headers();
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  if (entries.length > HEADER_COUNT_LIMIT) throw limitFailure(`Cannot send more than ${HEADER_COUNT_LIMIT} headers`);
  let size = 0;
  for (const [name, value] of entries) {
    const text = String(value);
    size += name.length + text.length;
    if (!TOKEN.test(name)) throw validationFailure(`Cannot send the header ${JSON.stringify(name)}: that is no name of a header`);
    if (CONNECTION_HEADERS.has(name.toLowerCase()))
      throw validationFailure(`Cannot send the header "${name}": the connection sets it`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
      throw validationFailure(`Cannot send the header "${name}": its value has characters that headers cannot carry`);
    }
    headers.set(name, text);
  }
  if (size > HEADER_LIMIT_CHARACTERS)
    throw limitFailure(`Cannot send more than ${HEADER_LIMIT_CHARACTERS} characters of headers`);
  return headers;
}

/**
 * The body as text: a string goes as it is, a flat object as a form where `content-type` says so, everything else as
 * JSON. Sets `content-type` where the caller did not. `null` is no body.
 */
export function encodeBody(body: Json | undefined, headers: Headers, method: string): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (method === 'GET' || method === 'HEAD') throw validationFailure(`Cannot send a body with ${method}`);
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  const text =
    typeof body === 'string' ? body : type === 'application/x-www-form-urlencoded' ? toForm(body) : JSON.stringify(body);
  if (Buffer.byteLength(text) > BODY_LIMIT_BYTES) throw limitFailure(`Cannot send a body of more than ${BODY_LIMIT_BYTES} bytes`);
  if (type === undefined) headers.set('content-type', typeof body === 'string' ? 'text/plain;charset=UTF-8' : 'application/json');
  return text;
}

function toForm(body: Json): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw validationFailure('Cannot send a form: the body is no object');
  const form = new URLSearchParams();
  appendQuery(form, body);
  return form.toString();
}

/** Adds members to a query or a form: an array once for each item, `null` not at all, an object inside as JSON. */
export function appendQuery(query: URLSearchParams, values: Readonly<Record<string, Json>> = {}): void {
  for (const [name, value] of Object.entries(values)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) query.append(name, typeof item === 'object' ? JSON.stringify(item) : String(item));
    }
  }
}

/**
 * Says which intent a request belongs to, so that a server can recognise the same one sent again after a crash or in a
 * retry. Safe methods need none; a definition's own `Idempotency-Key` stays.
 */
export function setIdempotencyKey(headers: Headers, method: string, key: string): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method) || headers.has('idempotency-key')) return;
  // Names of tasks may have any character; "%" is encoded too so that two keys stay two.
  const encoded = key.toWellFormed().replaceAll(/[^\x21-\x24\x26-\x7e]/gu, (sign) => encodeURIComponent(sign));
  const short = encoded.length <= KEY_LIMIT_CHARACTERS;
  headers.set('idempotency-key', short ? encoded : createHash('sha256').update(encoded).digest('hex'));
}

/** Whether a header may carry a credential. Such headers are not shown in results and not sent to another origin. */
export function isSensitive(name: string): boolean {
  return /auth|cookie|token|secret|password|credential|api-?key|signature/i.test(name);
}
