import { type Clock, type ErrorCode, errorResponseSchema, isErrorCode, type JsonObject } from '@loopwright/protocol';
import { ERROR_BODY_LIMIT_BYTES, ERROR_TEXT_LIMIT } from './limits.ts';
import { PtcServiceError } from './ptc-errors.ts';
import { parseRetryAfter } from './retry-delay.ts';
import type { FetchLikeResponse } from './transport.ts';

/** Reads a body as text. Past the limit it throws and the rest stays unread. */
async function readText(response: FetchLikeResponse, limitBytes: number): Promise<string> {
  const declared = Number(response.headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let size = declared > limitBytes ? declared : 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > limitBytes) throw invalidAnswer(response, `the answer is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a JSON body; anything else is a {@link PtcServiceError}. */
export async function readJson(response: FetchLikeResponse, limitBytes: number): Promise<unknown> {
  const text = await readText(response, limitBytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidAnswer(response, 'the answer is not JSON', { cause });
  }
}

/** The error for an answer that arrived and is no result. Not retried: the generation was done, and paid for. */
export function invalidAnswer(
  response: Pick<FetchLikeResponse, 'status'>,
  reason: string,
  options: { readonly cause?: unknown; readonly details?: JsonObject } = {},
): PtcServiceError {
  return new PtcServiceError('GENERATION_FAILED', `Cannot read the answer of the generation service: ${reason}`, {
    ...options,
    retryable: false,
    serviceStatus: response.status,
  });
}

/**
 * The error for an answer outside 2xx. A body of our own format keeps its code, message and details, and its `retryable`
 * decides whether a 5xx is worth another attempt; a 4xx never is.
 */
export async function serviceError(response: FetchLikeResponse, clock: Pick<Clock, 'now'>): Promise<PtcServiceError> {
  const { status } = response;
  const text = await readText(response, ERROR_BODY_LIMIT_BYTES).catch(() => '');
  const own = errorResponseSchema.safeParse(parseJson(text));
  const said = own.success ? own.data.message : text.trim() || 'no text';
  const shown = said.slice(0, ERROR_TEXT_LIMIT).replaceAll(/\p{Cc}/gu, ' ');
  const details: JsonObject = {
    service_status: status,
    ...(own.success ? { service_error_code: own.data.error_code } : {}),
    ...(own.success ? own.data.details : {}),
  };
  const message = status >= 500 ? `PTC service error (${status}): ${shown}` : `PTC request failed (${status}): ${shown}`;
  const code = codeOf(status, own.success ? own.data.error_code : undefined);
  // The client tries no 4xx again; that a later call can have better luck is true of a 429 all the same.
  const retryable = (status >= 500 || status === 429) && (!own.success || own.data.retryable);
  return new PtcServiceError(code, message, {
    details,
    retryable,
    serviceStatus: status,
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock),
  });
}

/** Codes about the caller's own credentials and routes: they are about this client, not about who called Loopwright. */
const ABOUT_THE_CLIENT: ReadonlySet<ErrorCode> = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND']);

function codeOf(status: number, said: string | undefined): ErrorCode {
  if (isErrorCode(said) && !ABOUT_THE_CLIENT.has(said)) return said;
  if (status === 429) return 'RATE_LIMITED';
  return status >= 500 || status === 401 || status === 403 || status === 404 ? 'SERVICE_UNAVAILABLE' : 'GENERATION_FAILED';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
