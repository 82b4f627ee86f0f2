import type { Json, Random, SampleReason } from '@loopwright/protocol';
import { CHANCE_SHARE, takeWith } from './chance.ts';
import { inputWords } from './input-words.ts';
import type { Candidate, Sampler, SamplingSignals } from './sampler.ts';
import { SeenWords } from './seen-words.ts';

/** The share of failures from which the rate is four times as high; below it rises in proportion. */
const FAILING = 0.2;
const MOST = 4;
/** An input that shares more than this with those that failed counts double (`reference/domain.md` §3.5). */
const ALIKE = 0.7;

/** Takes more while programs fail, validations are negative or the traffic drifts, up to four times the rate, and twice that of what looks like what failed. */
export class AdaptiveSampler implements Sampler {
  readonly #rate: number;
  readonly #random: Random;
  readonly #signals: SamplingSignals;
  readonly #failed = new SeenWords();
  #hasFailed = false;

  constructor(rate: number, random: Random, signals: SamplingSignals) {
    this.#rate = rate;
    this.#random = random;
    this.#signals = signals;
  }

  take({ input }: Candidate): SampleReason | undefined {
    const usual = this.#rate * (1 - CHANCE_SHARE);
    const factor = this.#signals.isDrifting() ? MOST : 1 + (MOST - 1) * Math.min(1, this.#signals.failing() / FAILING);
    const probability = Math.min(1, usual * factor * (this.#isAlike(input) ? 2 : 1));
    return takeWith(this.#random, this.#rate, { probability, reason: 'adaptive' });
  }

  noteFailure(input: Json): void {
    this.#hasFailed = true;
    for (const word of inputWords(input)) this.#failed.add(word);
  }

  #isAlike(input: Json): boolean {
    if (!this.#hasFailed) return false;
    const words = inputWords(input);
    return words.length > 0 && 1 - this.#failed.unseenShare(words) > ALIKE;
  }
}
