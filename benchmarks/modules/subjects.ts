import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  HttpIpcClient,
  HttpTcpClient,
  type ModuleHttp,
  orchestratorChannel,
  parseListen,
  StreamTransport,
} from '@loopwright/module-sdk';
import { MODULE_PROTOCOL_VERSION, systemClock } from '@loopwright/protocol';
import { Agent, request } from 'undici';

/** Two processes and a way between them. */
export interface Subject {
  readonly name: string;
  /** Of the other process. */
  readonly pid: number | undefined;
  /** Sends a body and gets it back. */
  readonly ask: (body: Buffer) => Promise<Uint8Array>;
  readonly end: () => void;
}

type Child = ChildProcess & { stdin: Writable; stdout: Readable };

function start(
  mode: string,
  { ipc, serialization = 'json' }: { ipc?: boolean; serialization?: 'json' | 'advanced' } = {},
): Child {
  const child = spawn(process.execPath, ['--conditions=loopwright-source', join(import.meta.dirname, 'child.ts'), mode], {
    stdio: ipc === true ? ['pipe', 'pipe', 'inherit', 'ipc'] : ['pipe', 'pipe', 'inherit'],
    serialization,
  });
  return child as Child;
}

/** Waits for the answer of a number. */
class Answers {
  readonly #waiting = new Map<number, (body: string | Uint8Array) => void>();
  #last = 0;

  next(): { id: number; answer: Promise<string | Uint8Array> } {
    const id = (this.#last += 1);
    return { id, answer: new Promise((resolve) => this.#waiting.set(id, resolve)) };
  }

  take({ id, body }: { id: number; body: string | Uint8Array }): void {
    this.#waiting.get(id)?.(body);
    this.#waiting.delete(id);
  }
}

/** Raw lines: the least JSON that carries a body and an id over standard streams. */
export async function rawLines(): Promise<Subject> {
  const child = start('lines');
  const answers = new Answers();
  createInterface({ input: child.stdout }).on('line', (line) => answers.take(JSON.parse(line) as { id: number; body: string }));
  return {
    name: 'raw lines on standard streams',
    pid: child.pid,
    ask: async (body) => {
      const { id, answer } = answers.next();
      child.stdin.write(`${JSON.stringify({ id, body: body.toString('base64') })}\n`);
      return Buffer.from(String(await answer), 'base64');
    },
    end: () => child.kill(),
  };
}

/** Node's own channel; `advanced` carries bytes as they are, `json` needs base64. */
export async function nodeIpc(serialization: 'json' | 'advanced'): Promise<Subject> {
  const child = start('node', { ipc: true, serialization });
  const answers = new Answers();
  child.on('message', (message) => answers.take(message as { id: number; body: string | Uint8Array }));
  return {
    name: `Node's IPC, ${serialization}`,
    pid: child.pid,
    ask: async (body) => {
      const { id, answer } = answers.next();
      child.send({ id, body: serialization === 'json' ? body.toString('base64') : body });
      const back = await answer;
      return typeof back === 'string' ? Buffer.from(back, 'base64') : back;
    },
    end: () => child.kill(),
  };
}

/** Plain HTTP on loopback with keep-alive, by the quickest client that Node has. */
export async function httpLoopback(): Promise<Subject> {
  const child = start('http');
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  const dispatcher = new Agent({ connections: 16 });
  return {
    name: 'HTTP on loopback (undici, node:http)',
    pid: child.pid,
    ask: async (body) => {
      const answer = await request(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        dispatcher,
      });
      return new Uint8Array(await answer.body.arrayBuffer());
    },
    end: () => {
      child.kill();
      void dispatcher.destroy();
    },
  };
}

/** The ways to a module of ours. */
const WAYS = { ipc: 'HTTP over IPC', tcp: 'HTTP over TCP', unix: 'HTTP over a Unix socket' } as const;
/** Its handlers: see `child.ts`. */
const HANDLERS = { records: 'records', fetch: '`Request → Response`', whole: '`Request → WholeResponse`' } as const;

/** A handler as `runModule` serves it, over the module channel or over sockets. */
export async function ours(way: keyof typeof WAYS, handler: keyof typeof HANDLERS): Promise<Subject> {
  const child = start(handler);
  const channel = orchestratorChannel({
    transport: new StreamTransport({ input: child.stdout, output: child.stdin }),
    clock: systemClock,
    onReport: ({ kind, text }) => process.stderr.write(`${kind}: ${text}\n`),
  });
  const announced = new Promise<string>((resolve) =>
    channel.on('announce', ({ protocol_version: version = 1, listen }) => {
      channel.setPeerVersion(version);
      resolve(listen);
    }),
  );
  // A module of ours listens where it is told, and over the channel only where it is not.
  const listen = { ipc: '', tcp: '127.0.0.1:0', unix: join(tmpdir(), `loopwright-bench-${child.pid}`) }[way];
  child.stdin.write(
    `${JSON.stringify({ orchestrator_api: '', module_id: 'echo', listen, protocol_version: MODULE_PROTOCOL_VERSION })}\n`,
  );
  const ipc = new HttpIpcClient({ channel, clock: systemClock });
  channel.start();
  const at = await announced;
  const client: ModuleHttp = way === 'ipc' ? ipc : new HttpTcpClient({ address: parseListen(at), clock: systemClock });
  return {
    name: `loopwright: ${WAYS[way]}, ${HANDLERS[handler]}`,
    pid: child.pid,
    ask: async (body) => {
      const type = body.length > 65_536 ? 'application/octet-stream' : 'application/json';
      const answer = await client.request({ method: 'POST', uri: '/echo', headers: { 'content-type': type }, body });
      if (answer.body instanceof Uint8Array) return answer.body;
      return answer.body === null ? new Uint8Array() : new Uint8Array(await new Response(answer.body).arrayBuffer());
    },
    end: () => {
      child.kill();
      if (way === 'unix') rmSync(listen, { force: true });
    },
  };
}
