import type { Clock } from '@loopwright/protocol';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** The clock of one life of a process; `kill` drops its timers, as the end of the process does. */
export interface ProcessClock extends Clock {
  kill(): void;
}

/** Time that only moves when it is told to. It outlives the processes of a simulation. */
export class VirtualClock {
  #now = Date.UTC(2026, 0, 1);
  #order = 0;
  #timers: Timer[] = [];

  /** Milliseconds since 1970-01-01 UTC. */
  now(): number {
    return this.#now;
  }

  /** Whether a timer is due that has not fired. */
  get isBehind(): boolean {
    return this.#timers.some(({ at }) => at <= this.#now);
  }

  /** Moves to the next timer and runs it; `false` when there is none. */
  advance(): boolean {
    const next = this.#timers.toSorted((one, other) => one.at - other.at || one.order - other.order)[0];
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }

  process(): ProcessClock {
    const own = new Set<Timer>();
    const drop = (timer: Timer): void => {
      own.delete(timer);
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
    let isDead = false;
    return {
      now: () => this.#now,
      schedule: (delayMs, run) => {
        if (isDead) return () => undefined;
        this.#order += 1;
        const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order, run };
        own.add(timer);
        this.#timers.push(timer);
        return () => drop(timer);
      },
      kill: () => {
        isDead = true;
        for (const timer of own) drop(timer);
      },
    };
  }
}
