import { type Clock, PlatformError, type Random } from '@loopwright/protocol';
import { CircuitBreaker } from '../breaker/circuit-breaker.ts';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import {
  firstPortStep,
  nextPortStep,
  PORT_CONFIG,
  type PortConfig,
  type PortEvent,
  type PortPlan,
  type PortSource,
} from './negotiation.ts';
import { parseListen } from './listen-address.ts';

/** What a {@link PortNegotiator} works with. */
export interface PortNegotiatorOptions {
  readonly channel: ModuleSideChannel;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a module asks for. */
export interface PortWish extends Partial<PortConfig> {
  /** Asked of the orchestrator at first; later any. */
  readonly specificPort?: number;
}

/** A port that is bound. */
export interface NegotiatedPort<Bound> {
  /** What `bind` gave. */
  readonly bound: Bound;
  readonly address: SocketAddress;
  readonly source: PortSource;
}

/** Errors of a bind that say that this port cannot be had, and another can. */
const TAKEN: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EACCES']);
/** The source's: five failures open it, one success closes it, however far apart they are. */
const BREAKER = {
  failureThreshold: 5,
  successThreshold: 1,
  openMs: 60_000,
  windowMs: Number.POSITIVE_INFINITY,
  minimumRequests: 0,
};

/**
 * The module's side of port negotiation. A port is tested by binding what is to serve there, and that is what the caller gets: nobody can take the port between
 * the test and its use.
 */
export class PortNegotiator {
  readonly #options: PortNegotiatorOptions;
  readonly #breaker: CircuitBreaker;
  readonly #waiting = new Map<string, (port: number | undefined) => void>();
  #kept: number | undefined;

  constructor(options: PortNegotiatorOptions) {
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.clock, BREAKER);
    options.channel.on('port_response', ({ request_id: id, success, port }) =>
      this.#waiting.get(id)?.(success && port > 0 ? port : undefined),
    );
    options.channel.onClose(() => {
      for (const resolve of this.#waiting.values()) resolve(undefined);
    });
  }

  /** State of the breaker around the questions. */
  get breaker(): CircuitBreaker['kind'] {
    return this.#breaker.kind;
  }

  /**
   * Finds a port and binds it: that of `listen` when it names one (or a Unix socket), the one of the last negotiation, one of the orchestrator, one of the fall-back range.
   *
   * @param listen From the init object.
   * @param bind Binds an address; throws as Node does when it is taken. Its other errors go on.
   * @throws `PORT_UNAVAILABLE` when none can be bound. RangeError when `listen` is no address.
   */
  async negotiate<Bound>(
    listen: string,
    bind: (address: SocketAddress) => Promise<Bound>,
    wish: PortWish = {},
  ): Promise<NegotiatedPort<Bound>> {
    const address = parseListen(listen);
    if ('path' in address) return { bound: await bind(address), address, source: 'given' };
    const plan = this.#plan(address.port, wish);
    const held: { bound?: { readonly it: Bound } } = {};
    for (let step = firstPortStep(plan); ;) {
      if (step.kind === 'failed') throw unavailable(listen);
      if (step.kind === 'done') {
        if (held.bound === undefined) throw unavailable(listen);
        this.#kept = step.port;
        return { bound: held.bound.it, address: { host: address.host, port: step.port }, source: step.source };
      }
      let event: PortEvent;
      if (step.kind === 'wait') event = await this.#wait(step.ms);
      else if (step.kind === 'ask') event = await this.#ask(step.timeoutMs, step.question === 0 ? wish.specificPort : undefined);
      else {
        const bound = await orTaken(bind({ host: address.host, port: step.port }));
        if (bound !== undefined) held.bound = bound;
        event = { kind: bound === undefined ? 'taken' : 'bound' };
      }
      step = nextPortStep(step, event, plan);
    }
  }

  #plan(given: number, { specificPort: _specific, ...wish }: PortWish): PortPlan {
    const config: PortConfig = { ...PORT_CONFIG, ...wish };
    return { given: given === 0 ? undefined : given, kept: this.#kept, fallback: this.#fallback(config), config };
  }

  /** The chosen port and some of the range, none twice. */
  #fallback({ useFallback, customFallbackPort, fallbackRange: [first, last], fallbackBinds }: PortConfig): number[] {
    if (!useFallback) return [];
    const ports = new Set(customFallbackPort === undefined ? [] : [customFallbackPort]);
    const size = last - first + 1;
    const start = Math.floor(this.#options.random.next() * size);
    // Modules that start together must not all try the same ones: each steps through the range by a stride of its own.
    const stride = 1 + Math.floor(this.#options.random.next() * Math.max(1, Math.floor(size / Math.max(1, fallbackBinds)) - 1));
    for (let at = 0; at < Math.min(fallbackBinds, size); at += 1) ports.add(first + ((start + at * stride) % size));
    return [...ports];
  }

  async #ask(timeoutMs: number, specificPort: number | undefined): Promise<PortEvent> {
    const { channel, clock, random } = this.#options;
    const settle = this.#breaker.admit();
    if (settle === undefined) return { kind: 'barred' };
    const id = random.uuid();
    const port = await new Promise<number | undefined>((resolve) => {
      const cancel = clock.schedule(timeoutMs, () => resolve(undefined));
      this.#waiting.set(id, (answered) => {
        cancel();
        resolve(answered);
      });
      if (channel.isClosed) this.#waiting.get(id)?.(undefined);
      else
        channel.send({
          op: 'port_request',
          request_id: id,
          ...(specificPort === undefined ? {} : { specific_port: specificPort }),
        });
    });
    this.#waiting.delete(id);
    settle(port === undefined ? 'failure' : 'success');
    return port === undefined ? { kind: 'unanswered' } : { kind: 'answered', port };
  }

  #wait(ms: number): Promise<PortEvent> {
    return new Promise((resolve) => {
      this.#options.clock.schedule(ms, () => resolve({ kind: 'waited' }));
    });
  }
}

async function orTaken<Bound>(binding: Promise<Bound>): Promise<{ readonly it: Bound } | undefined> {
  try {
    return { it: await binding };
  } catch (error) {
    if (error instanceof Error && 'code' in error && TAKEN.has(error.code)) return undefined;
    throw error;
  }
}

function unavailable(listen: string): PlatformError {
  return new PlatformError('PORT_UNAVAILABLE', `Cannot listen at "${listen}": no port could be bound`);
}
