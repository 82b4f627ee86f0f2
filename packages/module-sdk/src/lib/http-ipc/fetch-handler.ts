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

function toRequest({ method, uri, headers, body, signal }: IpcServerRequest): Request {
  const given = body === null || (body instanceof Uint8Array && body.length === 0) ? undefined : body;
  return new Request(ORIGIN + uri, {
    method,
    headers: fromWireHeaders(headers),
    signal,
    ...(given === undefined ? {} : { body: given as NonNullable<ConstructorParameters<typeof Response>[0]> }),
    ...(given instanceof ReadableStream ? { duplex: 'half' as const } : {}),
  });
}
