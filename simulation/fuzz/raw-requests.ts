import { connect } from 'node:net';
import type { Choose } from '../choices.ts';

const CRLF = '\r\n';
const HOST = `Host: 127.0.0.1${CRLF}`;

/** Requests that no HTTP client would send: smuggling, broken framing, endless headers, other protocols. */
const RAW: readonly string[] = [
  `GET /health HTTP/1.1${CRLF}${CRLF}`,
  `GET /health HTTP/1.1${CRLF}Host: evil.example${CRLF}${CRLF}`,
  `GET http://evil.example/health HTTP/1.1${CRLF}${HOST}${CRLF}`,
  `GET //evil.example/%2e%2e/ HTTP/1.1${CRLF}${HOST}${CRLF}`,
  `GET /health HTTP/9.9${CRLF}${HOST}${CRLF}`,
  `GET /health HTTP/1.0${CRLF}${CRLF}`,
  `GET ${'/a'.repeat(20_000)} HTTP/1.1${CRLF}${HOST}${CRLF}`,
  `GET /health HTTP/1.1${CRLF}${HOST}X: ${'y'.repeat(100_000)}${CRLF}${CRLF}`,
  `GET /health HTTP/1.1${CRLF}${HOST}${Array.from({ length: 3000 }, (_, index) => `X-${index}: y${CRLF}`).join('')}${CRLF}`,
  `POST /api/v1/events HTTP/1.1${CRLF}${HOST}Content-Type: application/json${CRLF}Content-Length: 5${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}0${CRLF}${CRLF}GET /health HTTP/1.1${CRLF}${HOST}${CRLF}`,
  `POST /api/v1/events HTTP/1.1${CRLF}${HOST}Content-Length: 5${CRLF}Content-Length: 6${CRLF}${CRLF}{"a":1}`,
  `POST /api/v1/events HTTP/1.1${CRLF}${HOST}Content-Length: -1${CRLF}${CRLF}`,
  `POST /api/v1/events HTTP/1.1${CRLF}${HOST}Transfer-Encoding: chunked${CRLF}${CRLF}ZZZ${CRLF}{}${CRLF}`,
  `POST /api/v1/events HTTP/1.1${CRLF}${HOST}Transfer-Encoding: xchunked${CRLF}${CRLF}`,
  `POST /api/v1/events HTTP/1.1${CRLF}${HOST}Content-Type: application/json${CRLF}Content-Length: 100${CRLF}${CRLF}{"cut`,
  `GET /health HTTP/1.1\n${HOST}\n`,
  `GET\t/health\tHTTP/1.1${CRLF}${HOST}${CRLF}`,
  `GET /health HTTP/1.1${CRLF}${HOST}Bad Header: x${CRLF}${CRLF}`,
  `GET /health HTTP/1.1${CRLF}${HOST}X: a\u0000b${CRLF}${CRLF}`,
  `GET /api/v1/ws/executions/x HTTP/1.1${CRLF}${HOST}Connection: Upgrade${CRLF}Upgrade: websocket${CRLF}Sec-WebSocket-Version: 99${CRLF}Sec-WebSocket-Key: x${CRLF}${CRLF}`,
  `GET /api/v1/ws/executions/x HTTP/1.1${CRLF}${HOST}Connection: Upgrade${CRLF}Upgrade: websocket${CRLF}Sec-WebSocket-Version: 13${CRLF}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==${CRLF}${CRLF}\u0081\u00FF\u007F\u00FF\u00FF`,
  `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}`,
  '\u0016\u0003\u0001\u0002\u0000\u0001',
  '\u0000'.repeat(1000),
];

/** Sends one of them on a connection of its own and gives what came back within a moment. */
export function sendRaw(base: string, choose: Choose, patienceMs: number): Promise<{ sent: string; text: string }> {
  const sent = RAW[choose(RAW.length)] ?? '';
  const { hostname, port } = new URL(base);
  const { promise, resolve } = Promise.withResolvers<{ sent: string; text: string }>();
  let text = '';
  const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(sent, 'latin1')));
  const end = (): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve({ sent, text });
  };
  const timer = setTimeout(end, patienceMs);
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1');
  });
  socket.on('close', end);
  socket.on('error', end);
  return promise;
}
