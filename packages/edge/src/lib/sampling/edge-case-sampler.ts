import type { Json, Random, SampleReason } from '@loopwright/protocol';
import { takeWith } from './chance.ts';
import { DecayedCounts, DecayedHistogram } from './decayed-counts.ts';
import { inputWords } from './input-words.ts';
import type { Candidate, Sampler } from './sampler.ts';
import { SeenWords } from './seen-words.ts';
import { stratumOf } from './stratified-sampler.ts';

const STRATA = 128;
const LENGTH_BINS = 160;
/** Inputs after which it is known what is usual. */
const WARM_UP = 200;
/** A stratum below this share of the traffic is rare. */
const RARE = 0.01;
/** A length beyond which, on its side, there is less than this share is extreme. */
const EXTREME = 0.005;
/** An input of which this share of words is new is unusual. */
const UNSEEN = 0.5;
/** Values that the source always takes (`reference/domain.md` §3.5). */
const LARGE = 1e6;
const SMALL = 1e-4;
/** How many unusual inputs in a row are taken although the rate is used up. */
const BURST = 20;
const DEPTH = 4;
/** Values of an input that are looked at. */
const VALUES = 64;

/**
 * Takes unusual inputs: of rare strata, of extreme length, of words that were never seen, and those with null, empty text, 0, or numbers above 1e6 or below
 * 1e-4. All of them as long as they keep within the rate, which traffic of nothing else would use up: then a part.
 */
export class EdgeCaseSampler implements Sampler {
  readonly #rate: number;
  readonly #random: Random;
  readonly #strata = new DecayedCounts(STRATA);
  readonly #lengths = new DecayedHistogram(LENGTH_BINS);
  readonly #words = new SeenWords();
  #allowed = BURST;

  constructor(rate: number, random: Random) {
    this.#rate = rate;
    this.#random = random;
  }

  take(candidate: Candidate): SampleReason | undefined {
    const isUnusual = this.#look(candidate);
    this.#allowed = Math.min(BURST, this.#allowed + this.#rate);
    const probability = this.#rate > 0 && isUnusual && this.#allowed >= 1 ? 1 : 0;
    const reason = takeWith(this.#random, this.#rate, { probability, reason: 'edge_case' });
    if (reason === 'edge_case') this.#allowed -= 1;
    return reason;
  }

  noteFailure(): void {
    // What is unusual is decided by the inputs alone.
  }

  #look(candidate: Candidate): boolean {
    const share = this.#strata.add(stratumOf(candidate));
    const bin = Math.min(LENGTH_BINS - 1, Math.floor(8 * Math.log2(candidate.inputJson.length + 1)));
    this.#lengths.add(bin);
    const words = inputWords(candidate.input);
    const unseen = this.#words.unseenShare(words);
    for (const word of words) this.#words.add(word);
    if (hasSpecialValue(candidate.input)) return true;
    if (this.#strata.total < WARM_UP && this.#lengths.total < WARM_UP) return false;
    if (share < RARE || unseen > UNSEEN) return true;
    const { below, at } = this.#lengths.sharesAt(bin);
    return below + at < EXTREME || 1 - below < EXTREME;
  }
}

function hasSpecialValue(input: Json): boolean {
  let left = VALUES;
  const walk = (value: Json, depth: number): boolean => {
    left -= 1;
    if (value === null || value === '' || value === 0) return true;
    if (typeof value === 'number') return Math.abs(value) > LARGE || Math.abs(value) < SMALL;
    if (typeof value !== 'object' || depth >= DEPTH) return false;
    if (Array.isArray(value)) return value.slice(0, Math.max(0, left)).some((item) => walk(item, depth + 1));
    for (const key in value) {
      if (left <= 0) return false;
      if (Object.hasOwn(value, key) && walk(value[key] ?? null, depth + 1)) return true;
    }
    return false;
  };
  return walk(input, 0);
}
