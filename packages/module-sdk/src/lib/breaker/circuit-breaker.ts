import type { Clock } from '@loopwright/protocol';
import {
  admit,
  type BreakerConfig,
  type BreakerOutcome,
  type BreakerState,
  CHANNEL_BREAKER,
  closedBreaker,
  settle,
} from './breaker-state.ts';

/** Keeps requests from what has failed again and again; see {@link BreakerConfig}. */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #config: BreakerConfig;
  #state: BreakerState;

  constructor(clock: Clock, config: Partial<BreakerConfig> = {}) {
    this.#clock = clock;
    this.#config = { ...CHANNEL_BREAKER, ...config };
    this.#state = closedBreaker(clock.now());
  }

  /** What it is now; OPEN also when its time has passed and nobody has asked since. */
  get kind(): BreakerState['kind'] {
    return this.#state.kind;
  }

  /** Whether {@link CircuitBreaker.admit} would let a request through now. */
  get wouldAdmit(): boolean {
    return admit(this.#state, this.#clock.now()).isAdmitted;
  }

  /** Lets a request through, or gives `undefined`. The returned function must be called with its end; a second call does nothing. */
  admit(): ((outcome: BreakerOutcome) => void) | undefined {
    const { state, isAdmitted } = admit(this.#state, this.#clock.now());
    this.#state = state;
    if (!isAdmitted) return undefined;
    const { epoch } = state;
    let isSettled = false;
    return (outcome) => {
      if (isSettled) return;
      isSettled = true;
      this.#state = settle(this.#state, { epoch, outcome }, this.#clock.now(), this.#config);
    };
  }
}
