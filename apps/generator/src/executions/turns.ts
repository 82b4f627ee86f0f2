import { PlatformError } from '@loopwright/protocol';

/** How many work and wait. */
export interface TurnLimits {
  /** Plans that are worked on at a time. */
  readonly running: number;
  /** Plans that wait. */
  readonly queued: number;
  /** Plans of one caller that wait. */
  readonly queuedOfCaller: number;
  /** Weight of what waits, together: characters of the plans. */
  readonly queuedWeight: number;
}

/** Who asks for a turn. */
export interface TurnRequest {
  readonly caller: string;
  readonly weight: number;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly weight: number;
  readonly go: () => void;
}

/**
 * Lets a number of plans be worked on at a time. Those that wait are taken caller by caller in turn, and of one caller in the order in which they came: who
 * sends a thousand plans waits for them, and nobody else does.
 */
export class Turns {
  readonly #limits: TurnLimits;
  /** What waits of each caller; the caller that is next stands first. Nobody is in it with nothing. */
  readonly #waiting = new Map<string, Waiting[]>();
  #running = 0;
  #queued = 0;
  #queuedWeight = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Plans that are worked on. */
  get running(): number {
    return this.#running;
  }

  /** Plans that wait. */
  get queued(): number {
    return this.#queued;
  }

  /**
   * Waits for a turn, works, and gives the turn on.
   *
   * @throws PlatformError OVERLOADED when too much waits, RATE_LIMITED when too much of this caller does; the reason of the signal
   */
  async take<Result>(request: TurnRequest, work: () => Promise<Result>): Promise<Result> {
    request.signal.throwIfAborted();
    if (this.#running < this.#limits.running) this.#running += 1;
    else await this.#wait(request);
    try {
      return await work();
    } finally {
      this.#giveOn();
    }
  }

  #giveOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    const [caller, plans] = next;
    const plan = plans.shift();
    this.#waiting.delete(caller);
    // Behind all the others, if there is more.
    if (plans.length > 0) this.#waiting.set(caller, plans);
    plan?.go();
  }

  async #wait({ caller, weight, signal }: TurnRequest): Promise<void> {
    this.#admit(caller, weight);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry: Waiting = {
      weight,
      go: () => {
        this.#leave(weight);
        resolve();
      },
    };
    const abort = (): void => {
      const plans = this.#waiting.get(caller) ?? [];
      const place = plans.indexOf(entry);
      // Not there any more: its turn has come, and the work itself sees the signal.
      if (place === -1) return;
      plans.splice(place, 1);
      if (plans.length === 0) this.#waiting.delete(caller);
      this.#leave(weight);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    const own = this.#waiting.get(caller);
    if (own === undefined) this.#waiting.set(caller, [entry]);
    else own.push(entry);
    this.#queued += 1;
    this.#queuedWeight += weight;
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #leave(weight: number): void {
    this.#queued -= 1;
    this.#queuedWeight -= weight;
  }

  #admit(caller: string, weight: number): void {
    const { queued, queuedOfCaller, queuedWeight } = this.#limits;
    const own = this.#waiting.get(caller)?.length ?? 0;
    if (own >= queuedOfCaller) {
      throw new PlatformError('RATE_LIMITED', `Cannot take the plan: ${own} others of this caller are waiting`, {
        details: { queued: own, limit: queuedOfCaller },
      });
    }
    if (this.#queued >= queued || this.#queuedWeight + weight > queuedWeight) {
      throw new PlatformError('OVERLOADED', `Cannot take the plan: ${this.#queued} others are waiting`, {
        details: { queued: this.#queued, limit: queued },
      });
    }
  }
}
