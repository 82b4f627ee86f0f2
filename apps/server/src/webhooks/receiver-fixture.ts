import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { webhookPayloadSchema } from '@loopwright/protocol';
import type { z } from 'zod';

/** One request that a receiver got. */
export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly id: string;
  readonly payload: z.infer<typeof webhookPayloadSchema>;
}

/** A receiver of webhooks on this machine. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  of(path: string): Received[];
}

/** Opens a receiver; `answer` says what a request gets, 204 when it says nothing. */
export async function openReceiver(
  answer: (got: Received, response: ServerResponse) => unknown = (_got, response) => response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const payload = webhookPayloadSchema.parse(JSON.parse(body));
      const got = { path: request.url ?? '', headers, body, id: headers['webhook-id'] ?? '', payload };
      received.push(got);
      return answer(got, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    of: (path) => received.filter((got) => got.path === path),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
