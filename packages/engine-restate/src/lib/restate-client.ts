import { type Json, PlatformError, messageOf } from '@loopwright/protocol';
import type { z } from 'zod';

/** How long one request to Restate may take, in milliseconds. */
const REQUEST_LIMIT_MS = 30_000;
/** First and longest pause before a request is repeated, in milliseconds. */
const PAUSE_MS = { first: 50, longest: 1000 };

/** A handler of a service of Restate, with the key of its object where it has one. */
export interface Address {
  readonly service: string;
  readonly key?: string;
  readonly handler: string;
}

/** How a request is repeated while Restate cannot be reached. */
export interface CallOptions {
  /** Under the same name Restate executes a request once, however often it is sent. */
  readonly idempotencyKey?: string;
  /** Until when to try, in milliseconds from now. */
  readonly patienceMs: number;
  /** Ends the trying. */
  readonly signal?: AbortSignal;
}

/** Calls handlers by the ingress of Restate, and registers at its admin API. */
export class RestateClient {
  readonly #ingressUrl: string;
  readonly #adminUrl: string;

  constructor(urls: { ingressUrl: string; adminUrl: string }) {
    this.#ingressUrl = urls.ingressUrl.replace(/\/$/, '');
    this.#adminUrl = urls.adminUrl.replace(/\/$/, '');
  }

  /** Calls a handler and parses what it gives. Throws SERVICE_UNAVAILABLE when Restate cannot be reached in time, INTERNAL_ERROR when it refuses. */
  async call<T>(address: Address, input: Json | undefined, schema: z.ZodType<T>, options: CallOptions): Promise<T> {
    const { service, key, handler } = address;
    const path = [service, ...(key === undefined ? [] : [key]), handler].map(encodeURIComponent).join('/');
    const headers: Record<string, string> = {};
    if (input !== undefined) headers['content-type'] = 'application/json';
    if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
    const body = input === undefined ? {} : { body: JSON.stringify(input) };
    const text = await this.#patiently(`${this.#ingressUrl}/${path}`, { method: 'POST', headers, ...body }, options);
    return schema.parse(text === '' ? undefined : JSON.parse(text));
  }

  /** Makes the services at an address known to Restate, in place of what was there. */
  async register(uri: string, options: CallOptions): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ uri, force: true });
    await this.#patiently(`${this.#adminUrl}/deployments`, { method: 'POST', headers, body }, options);
  }

  async #patiently(url: string, request: RequestInit, { patienceMs, signal }: CallOptions): Promise<string> {
    const end = performance.now() + patienceMs;
    for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(PAUSE_MS.longest, pauseMs * 2)) {
      const outcome = await send(url, request, signal);
      if ('text' in outcome) return outcome.text;
      if (signal?.aborted === true || performance.now() + pauseMs > end) throw outcome.error;
      await new Promise<void>((resolve) => void setTimeout(resolve, pauseMs));
    }
  }
}

/** Sends once: gives the text, or the error of a request that may be repeated; throws what will not become better. */
async function send(
  url: string,
  request: RequestInit,
  stop: AbortSignal | undefined,
): Promise<{ text: string } | { error: PlatformError }> {
  const timeout = AbortSignal.timeout(REQUEST_LIMIT_MS);
  const signal = stop === undefined ? timeout : AbortSignal.any([stop, timeout]);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, { ...request, signal });
    status = response.status;
    text = await response.text();
  } catch (error) {
    return {
      error: new PlatformError('SERVICE_UNAVAILABLE', `Cannot reach Restate: ${messageOf(error)}`, { cause: error }),
    };
  }
  if (status < 300) return { text };
  if (status === 413) throw new PlatformError('PAYLOAD_TOO_LARGE', 'Cannot call Restate: the message is larger than it takes');
  const reason = `status ${status}: ${text.slice(0, 500)}`;
  // 404 is what the ingress says of a service that no node has registered yet.
  if (status === 404 || status === 429 || status === 502 || status === 503)
    return { error: new PlatformError('SERVICE_UNAVAILABLE', `Cannot call Restate: ${reason}`) };
  throw new PlatformError('INTERNAL_ERROR', `Cannot call Restate: ${reason}`);
}
