import type { Clock } from '@loopwright/protocol';
import type { BreakerConfig, BreakerOutcome, BreakerState } from '../breaker/breaker-state.ts';
import { CircuitBreaker } from '../breaker/circuit-breaker.ts';
import type { ModuleHttp } from '../http-ipc/module-http.ts';
import type { ChannelHealth } from './channel-choice.ts';

/** What a channel has done. */
export interface ChannelReportCard {
  readonly state: BreakerState['kind'];
  readonly requests: number;
  readonly failures: number;
  /** Requests that came from the other channel after that had failed. */
  readonly taken_over: number;
  /** Moving mean to the head of an answer; `null` before the first. */
  readonly latency_ms: number | null;
}

/** How much the last answer counts in the moving mean; the source's. */
const LEARNING_RATE = 0.1;

/** One channel with its breaker and what it has done. */
export class FailoverChannel {
  readonly http: ModuleHttp;
  readonly #breaker: CircuitBreaker;
  #requests = 0;
  #failures = 0;
  #takenOver = 0;
  #latencyMs: number | undefined;

  constructor(http: ModuleHttp, clock: Clock, config: Partial<BreakerConfig>) {
    this.http = http;
    this.#breaker = new CircuitBreaker(clock, config);
  }

  get health(): ChannelHealth {
    return { isUsable: this.#breaker.wouldAdmit, latencyMs: this.#latencyMs };
  }

  get reportCard(): ChannelReportCard {
    return {
      state: this.#breaker.kind,
      requests: this.#requests,
      failures: this.#failures,
      taken_over: this.#takenOver,
      latency_ms: this.#latencyMs ?? null,
    };
  }

  /** Lets a request through, or gives `undefined`; the returned function must be called with its end. */
  admit(isMoved: boolean): ((outcome: BreakerOutcome) => void) | undefined {
    const settle = this.#breaker.admit();
    if (settle === undefined) return undefined;
    const began = performance.now();
    this.#requests += 1;
    if (isMoved) this.#takenOver += 1;
    return (outcome) => {
      settle(outcome);
      if (outcome === 'failure') this.#failures += 1;
      if (outcome !== 'success') return;
      const tookMs = performance.now() - began;
      this.#latencyMs = this.#latencyMs === undefined ? tookMs : this.#latencyMs + LEARNING_RATE * (tookMs - this.#latencyMs);
    };
  }
}
