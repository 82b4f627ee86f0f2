import type { IpcRequest, IpcResponse } from './ipc-messages.ts';
import type { ModuleRequestInit } from './module-http.ts';
import { toWireHeaders } from './wire-headers.ts';

/** A request in the words of `fetch` as a record; relative URLs are paths of the module. */
export async function requestOf(input: string | Request, init: ModuleRequestInit): Promise<IpcRequest> {
  const request = new Request(typeof input === 'string' ? new URL(input, 'http://module.invalid') : input, {
    ...init,
    ...(init.body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    uri: pathname + search,
    headers: toWireHeaders(request.headers),
    body: await wholeOrStream(request, init.body),
    signal: request.signal,
    ...(init.timeoutMs === undefined ? {} : { timeoutMs: init.timeoutMs }),
  };
}

/** A body that is there already goes in one message when it fits. */
async function wholeOrStream(request: Request, given: unknown): Promise<IpcRequest['body']> {
  if (request.body === null) return null;
  const isThere =
    typeof given === 'string' || given instanceof Uint8Array || given instanceof ArrayBuffer || given instanceof URLSearchParams;
  return isThere ? new Uint8Array(await request.arrayBuffer()) : request.body;
}

/** Statuses whose answers have no body. */
export const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The answer in the words of `fetch`. */
export function responseOf({ status, headers, body }: IpcResponse): Response {
  const list = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : value.map((one) => [name, one]),
  );
  if (body instanceof ReadableStream && BODYLESS.has(status)) void body.cancel();
  return new Response(BODYLESS.has(status) ? null : (body as ConstructorParameters<typeof Response>[0]), {
    status,
    headers: list,
  });
}

/** Bytes as a stream. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
