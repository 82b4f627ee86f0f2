// The other process of each subject: gives a body back. `argv[2]` says which.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import {
  fetchHandler,
  formatListen,
  HttpTcpServer,
  type IpcHandler,
  parseListen,
  runModule,
  WholeResponse,
} from '@loopwright/module-sdk';
import { systemClock } from '@loopwright/protocol';

/** Small bodies are read and answered as JSON is, large ones are streamed. */
const isSmall = (request: Request): boolean => request.headers.get('content-type') === 'application/json';
const headers = { 'content-type': 'application/json' };

const HANDLERS: Record<string, IpcHandler> = {
  records: ({ body }) => ({ status: 200, headers, body }),
  fetch: fetchHandler(async (request) => new Response(isSmall(request) ? await request.text() : request.body, { headers })),
  whole: fetchHandler(async (request) =>
    isSmall(request) ? new WholeResponse(await request.text(), { headers }) : new Response(request.body, { headers }),
  ),
};

async function serve(handle: IpcHandler): Promise<void> {
  await runModule(async ({ listen }) => {
    const options = { handler: handle, clock: systemClock, onError: console.error };
    const server = listen === '' ? undefined : await HttpTcpServer.listen(parseListen(listen), options);
    return {
      endpoints: [],
      handle,
      ...(server === undefined ? {} : { listen: formatListen(server.address) }),
      stop: async () => server?.close(),
    };
  });
}

const mode = String(process.argv[2]);
const handler = HANDLERS[mode];
if (handler !== undefined) await serve(handler);
switch (mode) {
  case 'lines':
    createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, body } = JSON.parse(line) as { id: number; body: string };
      process.stdout.write(`${JSON.stringify({ id, body })}\n`);
    });
    break;
  case 'node':
    process.on('message', (message: { id: number; body: string | Uint8Array }) => process.send?.(message));
    process.on('disconnect', () => process.exit(0));
    break;
  case 'http': {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      request.pipe(response);
    });
    server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
    process.stdin.on('end', () => process.exit(0)).resume();
    break;
  }
}
