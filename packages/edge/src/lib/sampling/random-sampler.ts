import type { Random, SampleReason } from '@loopwright/protocol';
import type { Sampler } from './sampler.ts';

/** Takes each with the same probability. */
export class RandomSampler implements Sampler {
  readonly #rate: number;
  readonly #random: Random;

  constructor(rate: number, random: Random) {
    this.#rate = rate;
    this.#random = random;
  }

  take(): SampleReason | undefined {
    return this.#rate > 0 && this.#random.next() < this.#rate ? 'random' : undefined;
  }

  noteFailure(): void {
    // Chance knows nothing.
  }
}
