import type { Random, SampleReason } from '@loopwright/protocol';
import { CHANCE_SHARE } from './chance.ts';
import type { Sampler } from './sampler.ts';

/** Candidates that the model is asked about for each one that becomes a sample. */
const CANDIDATES_FOR_ONE = 4;

/**
 * Takes the share of chance, and considers four times what else is wanted: a model says how sure it is of those, and {@link leastSure} takes the quarter
 * of which it is the least sure. For programs that do not say themselves how sure they are.
 */
export class ModelUncertaintySampler implements Sampler {
  readonly #rate: number;
  readonly #random: Random;

  constructor(rate: number, random: Random) {
    this.#rate = rate;
    this.#random = random;
  }

  take(): SampleReason | undefined {
    return this.#random.next() < this.#rate * CHANCE_SHARE ? 'random' : undefined;
  }

  considers(): boolean {
    return this.#random.next() < this.#rate * (1 - CHANCE_SHARE) * CANDIDATES_FOR_ONE;
  }

  noteFailure(): void {
    // How sure the model is, is all that counts here.
  }
}

/** The quarter of some candidates of which the model was the least sure; where that is no whole number, chance says whether one more is taken. */
export function leastSure<Rated extends { readonly confidence: number }>(rated: readonly Rated[], random: Random): Rated[] {
  const wanted = rated.length / CANDIDATES_FOR_ONE;
  const count = Math.floor(wanted) + (random.next() < wanted % 1 ? 1 : 0);
  return rated.toSorted((one, other) => one.confidence - other.confidence).slice(0, count);
}
