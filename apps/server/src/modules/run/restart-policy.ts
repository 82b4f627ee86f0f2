import type { Random } from '@loopwright/protocol';
import type { ModuleExit, ModuleSpec, SupervisionTimes } from '../module-spec.ts';
import { backOffMs } from './back-off.ts';

/** What follows an end that nobody asked for. */
export type Aftermath =
  | { readonly kind: 'stopped' }
  /** It failed so often in a row. */
  | { readonly kind: 'given_up'; readonly attempts: number }
  | { readonly kind: 'again'; readonly delayMs: number };

/** Decides whether a module that has ended is started again, and when: pauses double with each failure in a row. */
export class RestartPolicy {
  readonly #times: Pick<SupervisionTimes, 'backOffMinMs' | 'backOffMaxMs'>;
  readonly #random: Random;
  #failures = 0;

  constructor(times: Pick<SupervisionTimes, 'backOffMinMs' | 'backOffMaxMs'>, random: Random) {
    this.#times = times;
    this.#random = random;
  }

  /** Forgets earlier failures. */
  reset(): void {
    this.#failures = 0;
  }

  after({ code }: ModuleExit, { restart = 'always', attempts = Number.POSITIVE_INFINITY }: ModuleSpec): Aftermath {
    if (restart === 'never' || (restart === 'on_failure' && code === 0)) return { kind: 'stopped' };
    const { backOffMinMs: min, backOffMaxMs: max } = this.#times;
    const delayMs = backOffMs(this.#failures, { min, max }, this.#random);
    this.#failures += 1;
    return this.#failures >= attempts ? { kind: 'given_up', attempts } : { kind: 'again', delayMs };
  }
}
