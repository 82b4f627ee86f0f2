import type { OrchestratorMessage } from '@loopwright/protocol';
import { decodeBytes } from './wire-bytes.ts';
import { fromWireHeaders } from './wire-headers.ts';

type HttpRequestMessage = Extract<OrchestratorMessage, { op: 'http_request' }>;

/** Handles one request; the same function can serve sockets. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Origin of the URLs that handlers see: there is no host, and this name can never have one. */
const ORIGIN = 'http://module.invalid';

/** The request of a message. @throws TypeError When it is no proper request. */
export function toRequest(
  message: HttpRequestMessage,
  { stream, signal }: { stream: ReadableStream<Uint8Array> | undefined; signal: AbortSignal },
): Request {
  if (!message.uri.startsWith('/') || message.uri.startsWith('//')) throw new TypeError('the uri is no path');
  const { method, uri } = message;
  const headers = fromWireHeaders(message.headers);
  const url = ORIGIN + uri;
  if (stream !== undefined) return new Request(url, { method, headers, signal, body: stream, duplex: 'half' });
  const bytes = message.body === undefined || message.body === null ? undefined : decodeBytes(message.body);
  if (bytes === undefined && typeof message.body === 'string') throw new TypeError('the body is no base64');
  return new Request(url, { method, headers, signal, ...(bytes === undefined || bytes.length === 0 ? {} : { body: bytes }) });
}
