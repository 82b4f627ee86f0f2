// One server of the comparison, in a process of its own: `subject.ts KIND FOLDER`. Prints its URL as one line; ends with its input.
import { createServer } from 'node:http';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { createEdge, noJail, openJail } from '@loopwright/edge';
import { listenDirect } from '../../packages/edge/src/lib/http/fixtures/direct-edge.ts';

/** What is compared. `echo`: bare `node:http`. `direct`: the routes of the edge, the program in the process of the server, no log. */
export type SubjectKind = 'echo' | 'direct' | 'edge' | 'edge-no-jail';

const [kind, dir] = process.argv.slice(2) as [SubjectKind, string];

async function listenEdge(): Promise<string> {
  const jail = kind === 'edge' ? await openJail({ policy: 'required', clock: systemClock }) : noJail;
  if (jail.refusal !== undefined) process.stderr.write(`${jail.refusal}\n`);
  const edge = await createEdge({ dataDir: dir, sandbox: { jail }, clock: systemClock, random: systemRandom });
  return edge.app.listen({ host: '127.0.0.1', port: 0 });
}

function listenEcho(): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`);
    });
  });
}

const url = await (kind === 'echo' ? listenEcho() : kind === 'direct' ? listenDirect(dir) : listenEdge());
process.stdout.write(`${url}\n`);
process.stdin.resume().once('end', () => process.exit(0));
