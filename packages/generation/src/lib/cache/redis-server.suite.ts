import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

const found = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/** Why tests with a real Redis are skipped; `false` when it is there. */
export const REDIS_MISSING: string | false = found
  ? false
  : 'there is no redis-server here: install the Debian package redis-server to run this';

/** A real `redis-server` on a free port, with nothing on disk, that can be stopped, continued, killed and started again. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  constructor(port: number, flags: readonly string[]) {
    this.port = port;
    this.#flags = flags;
  }

  static async open(...flags: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), flags);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  async start(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...this.#flags];
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    while (!(await listens(this.port))) {
      if (this.#process.exitCode !== null) throw new Error(`Cannot start redis-server: it ended with ${this.#process.exitCode}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  /** SIGSTOP: the connections stay open, and nothing answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
