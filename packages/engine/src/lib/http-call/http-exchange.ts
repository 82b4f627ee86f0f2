import { connectionFailure, describeCall, limitFailure } from './call-error.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { type RequestMessage, isSensitive } from './request-message.ts';
import { parseUrl } from './uri-template.ts';

const REDIRECT_LIMIT = 5;
const RESPONSE_LIMIT_BYTES = 10 * 1024 * 1024;

/** What may be called, and how much may come back. */
export interface ExchangeOptions {
  /**
   * Whether a host may be called: endpoints, redirects, token servers and OpenAPI documents alike. It gets the host's name
   * or address in lower case, without port. Without it every host is allowed, the server's own network included: who lets
   * strangers write definitions must set it, and must resolve names itself where a name could point inside.
   */
  readonly allowHost?: (host: string) => boolean | Promise<boolean>;
  /** Largest body of a response after decompression, in bytes; 10 MiB unless told. */
  readonly responseLimitBytes?: number;
  /** For tests only: sends one request and follows no redirect. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A response whose body was read completely. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** The request that it answers: after redirects, the last one. */
  readonly request: RequestMessage;
}

/**
 * Sends a request and reads the answer, whatever its status. With `redirect`, goes after at most 5 redirects, as the Fetch
 * standard does (303, and POST after 301 and 302, become GET); credentials do not go along to another origin.
 * Throws `WorkflowError`: `communication` 503 without an answer, `timeout` when `signal` is aborted, `authorization`
 * for a host that is not allowed, `communication` 422 past a limit.
 */
export async function exchange(
  message: RequestMessage,
  { redirect, signal }: { redirect: boolean; signal: AbortSignal },
  options: ExchangeOptions,
): Promise<ReceivedResponse> {
  let request = message;
  for (let followed = 0; ; followed += 1) {
    const call = describeCall(request.method, request.url);
    await checkHost(request.url, call, options);
    try {
      const response = await send(request, signal, options);
      const location = redirect && [301, 302, 303, 307, 308].includes(response.status) ? response.headers.get('location') : null;
      if (location === null) {
        const body = await readBody(response, call, options.responseLimitBytes ?? RESPONSE_LIMIT_BYTES);
        return { status: response.status, headers: response.headers, body, request };
      }
      await response.body?.cancel();
      if (followed === REDIRECT_LIMIT)
        throw limitFailure(`Cannot call "${call}": it redirects more than ${REDIRECT_LIMIT} times`);
      request = redirected(request, response.status, parseUrl(location, request.url));
    } catch (error) {
      throw connectionFailure(call, error, signal);
    }
  }
}

async function checkHost(url: URL, call: string, { allowHost }: ExchangeOptions): Promise<void> {
  if (allowHost === undefined || (await allowHost(url.hostname))) return;
  const detail = `Cannot call "${call}": the host "${url.hostname}" is not allowed`;
  throw new WorkflowError({ type: 'authorization', status: 403, title: 'FORBIDDEN', detail });
}

function send(request: RequestMessage, signal: AbortSignal, options: ExchangeOptions): Promise<Response> {
  const { method, url, headers, body } = request;
  return (options.fetch ?? fetch)(url, { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) });
}

function redirected(request: RequestMessage, status: number, url: URL): RequestMessage {
  const toGet = request.method !== 'HEAD' && (status === 303 || (request.method === 'POST' && status < 303));
  const headers = new Headers(request.headers);
  if (url.origin !== request.url.origin) for (const name of request.headers.keys()) if (isSensitive(name)) headers.delete(name);
  if (!toGet) return { ...request, url, headers };
  for (const name of ['content-type', 'content-encoding', 'content-language', 'idempotency-key']) headers.delete(name);
  return { method: 'GET', url, headers };
}

async function readBody(response: Response, call: string, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by an error cancels the stream and with it the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw limitFailure(`Cannot read the answer to "${call}": it has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
