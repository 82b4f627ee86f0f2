import { once } from 'node:events';
import { createServer } from 'node:net';
import { messageOf, type Random } from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';

/** What a {@link PortPool} works with. */
export interface PortPoolOptions {
  readonly random: Random;
  /** Interface on which ports are tested. @default 127.0.0.1 */
  readonly host?: string;
  /** First and last ports of the ranges that are tried one after the other. @default 8000 to 9000, then 49 152 to 65 535 */
  readonly ranges?: readonly (readonly [number, number])[];
}

const RANGES = [
  [8000, 9000],
  [49_152, 65_535],
] as const;
/** Ports of a range that are tested before the next range is tried. */
const TESTS = 50;
/** Ports below are for the system. */
const FIRST_OPEN_PORT = 1024;
/** Ports that one module may have. */
const PORTS_OF_MODULE = 16;

/**
 * The ports that an orchestrator gives to its modules; none to two of them. Another process can still take one between the test and the module's bind: then the module
 * asks again.
 */
export class PortPool {
  readonly #options: PortPoolOptions;
  readonly #lent = new Set<number>();

  constructor(options: PortPoolOptions) {
    this.#options = options;
  }

  /** Ports that modules have now. */
  get lent(): number {
    return this.#lent.size;
  }

  /** A free port, or just the one that is wished for; `undefined` when there is none. */
  async lend(wish = 0): Promise<number | undefined> {
    if (wish !== 0) return wish >= FIRST_OPEN_PORT && (await this.#take(wish)) ? wish : undefined;
    const { random, ranges = RANGES } = this.#options;
    for (const [first, last] of ranges) {
      const size = last - first + 1;
      const start = Math.floor(random.next() * size);
      for (let at = 0; at < Math.min(size, TESTS); at += 1) {
        const port = first + ((start + at) % size);
        if (await this.#take(port)) return port;
      }
    }
    return undefined;
  }

  giveBack(port: number): void {
    this.#lent.delete(port);
  }

  async #take(port: number): Promise<boolean> {
    if (this.#lent.has(port)) return false;
    this.#lent.add(port);
    if (await isFree(port, this.#options.host ?? '127.0.0.1')) return true;
    this.#lent.delete(port);
    return false;
  }
}

/** Answers the questions of one module for ports from a pool; they go back when its channel ends. At most 16 at once. */
export function answerPortRequests(channel: OrchestratorChannel, pool: PortPool): void {
  const ports = new Set<number>();
  let asked = 0;
  const refuse = (id: string, why: string): void =>
    void channel.send({ op: 'port_response', request_id: id, success: false, port: 0, error_message: why });
  const answer = async (id: string, wish: number): Promise<void> => {
    const port = await pool.lend(wish);
    if (port === undefined) {
      asked -= 1;
      return refuse(id, 'the port is not free');
    }
    if (channel.isClosed) return pool.giveBack(port);
    ports.add(port);
    channel.send({ op: 'port_response', request_id: id, success: true, port });
    return undefined;
  };
  channel.on('port_request', ({ request_id: id, specific_port: wish }) => {
    if (asked >= PORTS_OF_MODULE) return refuse(id, `a module has at most ${PORTS_OF_MODULE} ports`);
    asked += 1;
    answer(id, wish ?? 0).catch((error: unknown) => {
      asked -= 1;
      refuse(id, messageOf(error));
    });
    return undefined;
  });
  channel.onClose(() => {
    for (const port of ports) pool.giveBack(port);
  });
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
