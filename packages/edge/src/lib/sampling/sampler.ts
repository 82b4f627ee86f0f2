import type { ConfidenceSource, Json, Random, SampleReason, SamplingStrategy } from '@loopwright/protocol';
import { AdaptiveSampler } from './adaptive-sampler.ts';
import { EdgeCaseSampler } from './edge-case-sampler.ts';
import { ModelUncertaintySampler } from './model-uncertainty-sampler.ts';
import { RandomSampler } from './random-sampler.ts';
import { StratifiedSampler } from './stratified-sampler.ts';
import { UncertaintySampler } from './uncertainty-sampler.ts';

/** A success that may be chosen. */
export interface Candidate {
  readonly input: Json;
  readonly inputJson: string;
  readonly output: Json;
}

/** What a sampler is told of the time before: it may take more while things go wrong. */
export interface SamplingSignals {
  /** Share of the latest executions and validations that failed, 0 to 1. */
  readonly failing: () => number;
  readonly isDrifting: () => boolean;
}

/** Chooses successes for validation, one after the other, in bounded memory; equal seeds give equal choices. */
export interface Sampler {
  /** Why this one is chosen; `undefined` when it is not. */
  take(candidate: Candidate): SampleReason | undefined;
  /** Whether the model is to say how sure it is of one that was not taken; left out where no model is asked. */
  considers?(): boolean;
  /** Takes note of an input on which the program failed, or was found to be wrong. */
  noteFailure(input: Json): void;
}

/** How a sampler is made. */
export interface SamplerOptions {
  readonly strategy: SamplingStrategy;
  /** The share of the successes that is wanted, 0 to 1. */
  readonly rate: number;
  /** Whose confidence `uncertainty` goes by. Default: the program's. */
  readonly confidence?: ConfidenceSource | undefined;
  readonly random: Random;
  readonly signals: SamplingSignals;
}

/** Makes the sampler of a strategy. */
export function openSampler({ strategy, rate, confidence = 'program', random, signals }: SamplerOptions): Sampler {
  switch (strategy) {
    case 'random':
      return new RandomSampler(rate, random);
    case 'stratified':
      return new StratifiedSampler(rate, random);
    case 'uncertainty':
      return confidence === 'model' ? new ModelUncertaintySampler(rate, random) : new UncertaintySampler(rate, random);
    case 'edge_case':
      return new EdgeCaseSampler(rate, random);
    case 'adaptive':
      return new AdaptiveSampler(rate, random, signals);
  }
}
