import type { Random, SampleReason } from '@loopwright/protocol';
import { CHANCE_SHARE, takeWith } from './chance.ts';
import { confidenceOf } from './confidence.ts';
import { DecayedHistogram } from './decayed-counts.ts';
import type { Candidate, Sampler } from './sampler.ts';

const BINS = 200;
/** Outputs with a confidence after which it is known which ones are low. */
const WARM_UP = 100;

/** Takes those of which the program was the least sure. A program that does not say how sure it is, is sampled by chance. */
export class UncertaintySampler implements Sampler {
  readonly #rate: number;
  readonly #random: Random;
  readonly #confidences = new DecayedHistogram(BINS);

  constructor(rate: number, random: Random) {
    this.#rate = rate;
    this.#random = random;
  }

  take({ output }: Candidate): SampleReason | undefined {
    const confidence = confidenceOf(output);
    if (confidence === undefined) return this.#random.next() < this.#rate ? 'random' : undefined;
    const bin = Math.min(BINS - 1, Math.floor(confidence * BINS));
    this.#confidences.add(bin);
    return takeWith(this.#random, this.#rate, { probability: this.#probabilityAt(bin), reason: 'uncertainty' });
  }

  noteFailure(): void {
    // How sure the program was is all that counts here.
  }

  /** 1 for the least sure ones up to the wanted share; where the share ends within a bin, a part of the bin. */
  #probabilityAt(bin: number): number {
    const wanted = this.#rate * (1 - CHANCE_SHARE);
    if (this.#confidences.total < WARM_UP) return wanted;
    const { below, at } = this.#confidences.sharesAt(bin);
    return Math.max(0, Math.min(1, (wanted - below) / at));
  }
}
