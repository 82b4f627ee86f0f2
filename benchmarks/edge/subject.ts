// One server of the comparison, in a process of its own: `subject.ts KIND FOLDER`. Prints its URL as one line; ends with its input.
import { createServer } from 'node:http';
import { systemClock, systemRandom } from '@loopwright/protocol';
import Fastify from 'fastify';
import { createEdge, noJail, openJail } from '@loopwright/edge';
import type { Datasets } from '../../packages/edge/src/lib/dataset/datasets.ts';
import { executeRoutes } from '../../packages/edge/src/lib/http/execute-routes.ts';
import type { Sandbox, SandboxProgram, SandboxResult } from '../../packages/edge/src/lib/sandbox/sandbox.ts';
import { ServedPrograms } from '../../packages/edge/src/lib/serve/served-programs.ts';
import { ProgramStore } from '../../packages/edge/src/lib/store/program-store.ts';

/** What is compared. `echo`: bare `node:http`. `direct`: the routes of the edge, the program in the process of the server, no log. */
export type SubjectKind = 'echo' | 'direct' | 'edge' | 'edge-no-jail';

const [kind, dir] = process.argv.slice(2) as [SubjectKind, string];

/** Calls programs in this process, JSON in and out as in the sandbox. */
class DirectSandbox implements Pick<Sandbox, 'run'> {
  readonly #programs = new Map<string, (input: unknown) => unknown>();

  async run({ key, code }: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    let program = this.#programs.get(key);
    if (program === undefined) {
      // oxlint-disable-next-line typescript/no-implied-eval -- the subject without any sandbox
      program = new Function(code)() as (input: unknown) => unknown;
      this.#programs.set(key, program);
    }
    const start = performance.now();
    const outputJson = JSON.stringify(program(JSON.parse(inputJson)));
    return { status: 'success', outputJson, latencyMs: Math.round((performance.now() - start) * 1000) / 1000 };
  }
}

async function listenDirect(): Promise<string> {
  const sandbox = new DirectSandbox() as unknown as Sandbox;
  const clock = systemClock;
  const programs = new ServedPrograms({ store: new ProgramStore({ dir, clock }), sandbox, clock, log: () => undefined });
  await programs.open();
  const app = Fastify({ logger: false, genReqId: () => systemRandom.uuid() });
  const noLog = { of: () => Promise.resolve() } as unknown as Datasets;
  executeRoutes(app, {
    sandbox,
    programs,
    datasets: noLog,
    clock,
    random: systemRandom,
    authToken: undefined,
    taskId: undefined,
    packageVersion: '',
  });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

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

const url = await (kind === 'echo' ? listenEcho() : kind === 'direct' ? listenDirect() : listenEdge());
process.stdout.write(`${url}\n`);
process.stdin.resume().once('end', () => process.exit(0));
