import type { Json, Random, SampleReason } from '@loopwright/protocol';
import { sliceOf } from '../dataset/input-slice.ts';
import { CHANCE_SHARE, takeWith } from './chance.ts';
import { DecayedCounts } from './decayed-counts.ts';
import type { Candidate, Sampler } from './sampler.ts';

/** Strata that are told apart. */
const STRATA = 128;
const LABEL_CHARACTERS = 64;

/** The stratum of a success: the kind of its input and, where the output is a short value, the label. */
export function stratumOf({ input, inputJson, output }: Candidate): string {
  return `${sliceOf(input, inputJson)} ${labelOf(output)}`;
}

function labelOf(output: Json): string {
  if (typeof output === 'string') return output.length <= LABEL_CHARACTERS ? output : '(text)';
  if (output === null || typeof output !== 'object') return String(output);
  if (Array.isArray(output)) return '(list)';
  const label = output['label'] ?? output['category'] ?? output['class'];
  return typeof label === 'string' && label.length <= LABEL_CHARACTERS ? label : '(object)';
}

/** Takes as many of each stratum (kind of input and label) as of the others, the rate over all being kept: rare ones are taken more often. */
export class StratifiedSampler implements Sampler {
  readonly #rate: number;
  readonly #random: Random;
  readonly #strata = new DecayedCounts(STRATA);

  constructor(rate: number, random: Random) {
    this.#rate = rate;
    this.#random = random;
  }

  take(candidate: Candidate): SampleReason | undefined {
    const share = this.#strata.add(stratumOf(candidate));
    const probability = Math.min(1, (this.#rate * (1 - CHANCE_SHARE)) / (this.#strata.size * share));
    return takeWith(this.#random, this.#rate, { probability, reason: 'stratified' });
  }

  noteFailure(): void {
    // A stratum is taken as often whether the program is good at it or not.
  }
}
