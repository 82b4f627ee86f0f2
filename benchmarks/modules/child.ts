// The other process of each subject: gives a body back. `argv[2]` says which.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { runModule } from '@loopwright/module-sdk';

const echo = async (request: Request): Promise<Response> =>
  new Response(request.headers.get('content-type') === 'application/json' ? await request.bytes() : request.body, {
    headers: { 'content-type': 'application/json' },
  });

switch (String(process.argv[2])) {
  case 'fetch':
    await runModule(async () => ({ endpoints: [], fetch: echo, stop: async () => undefined }));
    break;
  case 'records':
    await runModule(async () => ({
      endpoints: [],
      handle: ({ body }) => ({ status: 200, headers: { 'content-type': 'application/json' }, body }),
      stop: async () => undefined,
    }));
    break;
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
