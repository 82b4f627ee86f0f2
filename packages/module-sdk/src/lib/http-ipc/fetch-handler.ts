import { messageOf } from '@loopwright/protocol';
import { errorAnswer } from './error-answer.ts';
import type { IpcHandler, IpcServerRequest } from './ipc-messages.ts';
import { wholeBodyOf } from './whole-bodies.ts';
import { fromWireHeaders, toWireHeaders } from './wire-headers.ts';

/** Handles one request; the same function can serve sockets. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Origin of the URLs that handlers see: there is no host, and this name can never have one. */
const ORIGIN = 'http://module.invalid';

/** A handler of requests in the words of `fetch` as a handler of records. */
export function fetchHandler(handler: FetchHandler): IpcHandler {
  return async (incoming) => {
    let request: Request;
    try {
      request = toRequest(incoming);
    } catch (error) {
      return errorAnswer(400, `The request cannot be read: ${messageOf(error)}`);
    }
    const response: unknown = await handler(request);
    if (!(response instanceof Response)) throw new TypeError('Cannot answer: the handler gave no Response');
    return { status: response.status, headers: toWireHeaders(response.headers), body: wholeBodyOf(response) ?? response.body };
  };
}

/**
 * The request of a message. Its signal is made when it is asked for: a `Request` that follows a signal from its beginning costs more than twice as much. A request
 * that is made of it (`new Request(url, request)`) must be given the signal.
 */
function toRequest(incoming: IpcServerRequest): Request {
  const { method, uri, headers, body } = incoming;
  const given = body === null || (body instanceof Uint8Array && body.length === 0) ? undefined : body;
  const request = new Request(ORIGIN + uri, {
    method,
    headers: fromWireHeaders(headers),
    ...(given === undefined ? {} : { body: given as NonNullable<ConstructorParameters<typeof Response>[0]> }),
    ...(given instanceof ReadableStream ? { duplex: 'half' as const } : {}),
  });
  return Object.defineProperties(request, {
    signal: { get: () => incoming.signal },
    clone: { value: () => new Request(Request.prototype.clone.call(request), { signal: incoming.signal }) },
  });
}
