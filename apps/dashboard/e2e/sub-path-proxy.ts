import { type IncomingMessage, createServer, request } from 'node:http';
import { once } from 'node:events';

/** A proxy that serves a server below a path, as an operator's nginx would: requests and WebSockets, the path taken off. */
export async function openSubPathProxy(target: string, path: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const { hostname, port } = new URL(target);
  const forwarded = ({ method = 'GET', url = '/', headers }: IncomingMessage) => ({
    hostname,
    port,
    method,
    headers,
    path: url.slice(path.length) || '/',
  });
  const server = createServer((asked, answer) => {
    if (asked.url?.startsWith(`${path}/`) !== true) {
      answer.writeHead(404).end();
      return;
    }
    const onward = request(forwarded(asked), (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  server.on('upgrade', (asked, socket, head) => {
    const onward = request(forwarded(asked));
    onward.on('upgrade', (response, other, rest) => {
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      other.write(head);
      socket.write(rest);
      other.pipe(socket).pipe(other);
      for (const one of [socket, other]) one.on('error', () => [socket, other].forEach((each) => each.destroy()));
    });
    onward.on('error', () => socket.destroy());
    onward.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${at}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
