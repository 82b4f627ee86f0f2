import type { ConfidenceSource, SamplingStrategy } from '@loopwright/protocol';
import type { DriftOptions } from '../drift/drift-options.ts';
import { DEFAULT_VALIDATION, type ValidationOptions } from '../validation/validation-options.ts';

/** What is chosen for validation, who validates it, and when traffic counts as changed. */
export interface WatchingOptions {
  readonly sampling: {
    readonly strategy: SamplingStrategy;
    readonly rate: number;
    /** Whose confidence `uncertainty` goes by. Default: the program's. */
    readonly confidence?: ConfidenceSource | undefined;
  };
  readonly validation: ValidationOptions;
  /** `null`: drift is not watched. */
  readonly drift: DriftOptions | null;
}

/** Nothing is watched. */
export const NOT_WATCHING: WatchingOptions = {
  sampling: { strategy: 'random', rate: 0 },
  validation: DEFAULT_VALIDATION,
  drift: null,
};
