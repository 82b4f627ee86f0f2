import { type ErrorCode, PlatformError, errorResponseSchema, isErrorCode, messageOf } from '@loopwright/protocol';
import type { z } from 'zod';

/** One call of the API. */
export interface ApiCall<Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with its query, from the root of the server. */
  readonly path: string;
  /** What the answer must be. */
  readonly answer: Schema;
  readonly json?: unknown;
  readonly stream?: { readonly body: ReadableStream<Uint8Array> | Blob; readonly contentType: string };
  /** Names this request: sent again under the same key it has no second effect. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /** Of RFC 7240: `respond-async` for an answer as soon as the work has begun. */
  readonly prefer?: string;
  /** ETag of what is changed, as it was seen: when it is not that any more, the call fails with PRECONDITION_FAILED. */
  readonly ifMatch?: string;
  /** `*`: what is made is not there yet, or the call fails with PRECONDITION_FAILED. */
  readonly ifNoneMatch?: '*';
}

/** An answer with its headers, such as `etag`. */
export interface ApiAnswer<Answer> {
  readonly answer: Answer;
  readonly headers: Headers;
}

/** Where and as whom the API is called. */
export interface Caller {
  /** Base URL; asked at each call, because a server may come back on another port. */
  readonly baseUrl: () => string | Promise<string>;
  readonly userId: string | undefined;
  readonly apiKey: string | undefined;
  /** More headers, asked for at each call. */
  readonly headers: () => Readonly<Record<string, string>>;
}

/**
 * Sends one request and checks its answer. An error of the server comes back as `PlatformError` with its code; a server that cannot
 * be reached is SERVICE_UNAVAILABLE.
 */
export async function callApi<Schema extends z.ZodType>(caller: Caller, call: ApiCall<Schema>): Promise<z.infer<Schema>> {
  return (await exchange(caller, call)).answer;
}

/** The same with the headers of the answer. */
export async function exchange<Schema extends z.ZodType>(
  caller: Caller,
  call: ApiCall<Schema>,
): Promise<ApiAnswer<z.infer<Schema>>> {
  const { text, headers } = await readText(caller, call);
  const parsed = call.answer.safeParse(parseJson(text));
  if (parsed.success) return { answer: parsed.data, headers };
  throw new PlatformError(
    'INTERNAL_ERROR',
    `Cannot read the answer to ${call.method} ${call.path}: it is not what the API promises`,
    {
      cause: parsed.error,
    },
  );
}

/** The answer to a GET as text; throws as {@link callApi} does. */
export async function fetchText(caller: Caller, path: string): Promise<string> {
  return (await readText(caller, { method: 'GET', path })).text;
}

/** Opens a stream, of Server-Sent Events unless something else is accepted; gives its body. Throws as {@link callApi} does. */
export async function openStream(
  caller: Caller,
  path: string,
  { signal, accept = 'text/event-stream' }: { signal?: AbortSignal | undefined; accept?: string },
): Promise<ReadableStream<Uint8Array>> {
  const response = await send(caller, { method: 'GET', path, accept, ...(signal === undefined ? {} : { signal }) });
  if (!response.ok) throw errorOf(response.status, parseJson(await response.text()));
  if (response.body === null) throw unreachable(new Error('the answer has no body'));
  return response.body;
}

async function readText(caller: Caller, call: Omit<ApiCall<z.ZodType>, 'answer'>): Promise<{ text: string; headers: Headers }> {
  const response = await send(caller, call);
  const text = await response.text().catch((error: unknown) => {
    throw unreachable(error);
  });
  if (!response.ok) throw errorOf(response.status, parseJson(text));
  return { text, headers: response.headers };
}

async function send(caller: Caller, call: Omit<ApiCall<z.ZodType>, 'answer'> & { accept?: string }): Promise<Response> {
  const headers: Record<string, string> = { ...caller.headers() };
  if (caller.userId !== undefined) headers['x-user-id'] = caller.userId;
  if (caller.apiKey !== undefined) headers['authorization'] = `Bearer ${caller.apiKey}`;
  if (call.accept !== undefined) headers['accept'] = call.accept;
  if (call.prefer !== undefined) headers['prefer'] = call.prefer;
  if (call.ifMatch !== undefined) headers['if-match'] = call.ifMatch;
  if (call.ifNoneMatch !== undefined) headers['if-none-match'] = call.ifNoneMatch;
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
  const init: RequestInit & { duplex?: 'half' } = { method: call.method, headers };
  if (call.json !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(call.json);
  } else if (call.stream !== undefined) {
    headers['content-type'] = call.stream.contentType;
    init.body = call.stream.body;
    if (!(call.stream.body instanceof Blob)) init.duplex = 'half';
  }
  if (call.signal !== undefined) init.signal = call.signal;
  const base = await caller.baseUrl();
  try {
    return await fetch(urlBelow(base, call.path), init);
  } catch (error) {
    throw unreachable(error);
  }
}

/** A path of the server below its base URL, which may have a path of its own. */
function urlBelow(base: string, path: string): URL {
  const root = new URL(base);
  return new URL(root.pathname.replace(/\/$/, '') + path, root);
}

function unreachable(error: unknown): PlatformError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach the server: ${messageOf(cause)}`, { cause: error });
}

function errorOf(status: number, value: unknown): PlatformError {
  const parsed = errorResponseSchema.safeParse(value);
  if (!parsed.success) return new PlatformError(codeOf(status), `Cannot use the server: it answered ${status}`);
  const { error_code: code, message, details } = parsed.data;
  return new PlatformError(isErrorCode(code) ? code : codeOf(status), message, details === undefined ? {} : { details });
}

function codeOf(status: number): ErrorCode {
  return status >= 500 ? 'SERVICE_UNAVAILABLE' : 'VALIDATION_ERROR';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
