import type { Json, JsonObject } from '@loopwright/protocol';
import type { OutputForm } from './call-arguments.ts';
import { contentFailure, describeCall, statusFailure } from './call-error.ts';
import type { ReceivedResponse } from './http-exchange.ts';
import { isSensitive } from './request-message.ts';

const EXCERPT_LIMIT_CHARACTERS = 300;

/** What a task gets from a response, in the form it asked for. Throws `communication` for a status that is an error. */
export function toOutput(response: ReceivedResponse, form: OutputForm, redirect: boolean): Json {
  const { status, request } = response;
  if (status < 200 || status >= (redirect ? 400 : 300)) throw toError(response);
  if (form === 'raw') return response.body.toString('base64');
  if (form === 'content') return contentOf(response);
  const shown: JsonObject = { method: request.method, uri: request.url.href, headers: toRecord(request.headers, isSensitive) };
  return { request: shown, headers: toRecord(response.headers), statusCode: status, content: contentOf(response) };
}

/** The error of a status. The beginning of the answer is shown only where no credential was sent that it could repeat. */
function toError({ status, headers, body, request }: ReceivedResponse): Error {
  const quotable = /^(?:text\/plain|application\/(?:[\w.-]+\+)?json)\b/i.test(headers.get('content-type') ?? '');
  const secret = request.body !== undefined || [...request.headers.keys()].some(isSensitive) || request.url.search !== '';
  const excerpt =
    quotable && !secret ? body.toString('utf8').replaceAll(/\s+/g, ' ').trim().slice(0, EXCERPT_LIMIT_CHARACTERS) : '';
  return statusFailure(describeCall(request.method, request.url), status, { excerpt, retryAfterMs: retryAfterMs(headers) });
}

/** Milliseconds that `Retry-After` asks to wait: seconds, or a date, which counts from the date of the answer itself. */
function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  const delay = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(delay) ? undefined : Math.max(0, delay);
}

/** JSON as its value, text as a text, anything else as base64, nothing as null. */
function contentOf({ headers, body, request }: ReceivedResponse): Json {
  if (body.length === 0) return null;
  const type = headers.get('content-type') ?? '';
  const call = describeCall(request.method, request.url);
  if (/^application\/(?:[\w.-]+\+)?json\b|^text\/json\b/i.test(type)) {
    try {
      return JSON.parse(decode(body, type)) as Json;
    } catch (error) {
      // The message of the parser would quote the answer.
      throw contentFailure(call, `its content is not the JSON that "${type}" promises`, { cause: error });
    }
  }
  const isText = /^text\/|^application\/(?:[\w.-]+\+)?(?:xml|yaml|x-yaml|javascript|x-www-form-urlencoded|x-ndjson)\b/i.test(
    type,
  );
  return isText ? decode(body, type) : body.toString('base64');
}

function decode(body: Buffer, type: string): string {
  const charset = /;\s*charset="?([\w.:-]+)/i.exec(type)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function toRecord(headers: Headers, leaveOut: (name: string) => boolean = () => false): JsonObject {
  return Object.fromEntries([...headers].filter(([name]) => !leaveOut(name)));
}
