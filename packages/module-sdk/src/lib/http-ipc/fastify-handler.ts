import { Readable } from 'node:stream';
import type { FetchHandler } from './fetch-handler.ts';

/** The part of a Fastify application that is needed. */
export interface Injectable {
  inject(request: {
    method: string;
    url: string;
    headers: Record<string, string>;
    payload?: Readable;
    signal: AbortSignal;
    payloadAsStream: true;
  }): PromiseLike<{ statusCode: number; headers: Record<string, string | string[] | number | undefined>; stream(): Readable }>;
}

/** Statuses whose answers have no body. */
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A Fastify application as a handler of requests, by `inject`: no port, its hooks and errors as ever. Bodies are streams both ways; when nobody reads the answer any more,
 * its handler sees its connection close, as over a socket.
 */
export function fastifyHandler(app: Injectable): FetchHandler {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const unread = new AbortController();
    const answer = await app.inject({
      method: request.method,
      url: pathname + search,
      headers: Object.fromEntries(request.headers),
      signal: AbortSignal.any([request.signal, unread.signal]),
      payloadAsStream: true,
      ...(request.body === null ? {} : { payload: Readable.fromWeb(request.body) }),
    });
    const headers = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : Array.isArray(value) ? value.map((one) => [name, one]) : [[name, String(value)]],
    );
    const stream = answer.stream();
    // A stream that is destroyed says nothing to who writes it: only an end of the request does.
    stream.once('close', () => (stream.readableEnded ? undefined : unread.abort()));
    const isEmpty = BODYLESS.has(answer.statusCode) || request.method === 'HEAD';
    if (isEmpty) stream.resume();
    return new Response(isEmpty ? null : Readable.toWeb(stream), { status: answer.statusCode, headers });
  };
}
