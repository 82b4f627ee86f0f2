import { PlatformError } from '@loopwright/protocol';

/** Lets so many pieces of work go on at once; the others wait in the order in which they came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #waitingLimit: number;
  #free: number;

  constructor({ atOnce, waiting }: { atOnce: number; waiting: number }) {
    this.#free = atOnce;
    this.#waitingLimit = waiting;
  }

  /** Runs something when it is its turn. Throws OVERLOADED when too many wait already. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#waitingLimit)
      throw new PlatformError('OVERLOADED', `Cannot look at the workspace: ${this.#waiting.length} others wait`);
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }
}
