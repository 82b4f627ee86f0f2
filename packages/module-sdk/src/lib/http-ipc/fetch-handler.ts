import { messageOf } from '@loopwright/protocol';
import { errorAnswer } from './error-answer.ts';
import type { IpcHandler } from './ipc-messages.ts';
import { ModuleRequest } from './module-request.ts';
import { WholeResponse } from './whole-response.ts';
import { toWireHeaders } from './wire-headers.ts';

/** Handles one request; the same function can serve sockets. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** A handler of requests in the words of `fetch` as a handler of records. */
export function fetchHandler(handler: FetchHandler): IpcHandler {
  return async (incoming) => {
    let request: Request;
    try {
      request = new ModuleRequest(incoming);
    } catch (error) {
      return errorAnswer(400, `The request cannot be read: ${messageOf(error)}`);
    }
    const response: unknown = await handler(request);
    if (!(response instanceof Response)) throw new TypeError('Cannot answer: the handler gave no Response');
    const whole = response instanceof WholeResponse ? response.unread : undefined;
    return { status: response.status, headers: toWireHeaders(response.headers), body: whole ?? response.body };
  };
}
