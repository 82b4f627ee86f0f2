import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, PlatformError, type Random } from '@loopwright/protocol';
import type { ConnectionError } from 'fastify';

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  HEADERS_TOO_LARGE: 'Cannot read the request: its headers are too large',
  REQUEST_TIMEOUT: 'Cannot wait any longer: the request did not come as a whole',
};

/**
 * Answers what comes in and cannot be read as an HTTP request, in the one form of errors, and closes the connection: there is no request that
 * Fastify could answer.
 */
export function clientErrors(random: Random): (error: ConnectionError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (!socket.writable) {
      socket.destroy(error);
      return;
    }
    const code = CODES[error.code ?? ''] ?? 'VALIDATION_ERROR';
    const requestId = random.uuid();
    const refused = new PlatformError(code, MESSAGES[code] ?? 'Cannot read the request: it is not HTTP');
    const body = JSON.stringify(refused.toResponse(requestId));
    const head = [
      `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
}
