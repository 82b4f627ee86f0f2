import type { Json, ShadowFigures } from '@loopwright/protocol';
import { DiffTally, classOf } from '../diff/diff-tally.ts';
import { type Outcome, isSameOutcome, outcomeOf } from '../diff/outcome.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ExecutionTools } from '../serve/execute-once.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import { SHADOW_AT_ONCE } from './limits.ts';

/** What a shadow works with: versions that were made ready in its own sandbox. */
export interface ShadowParts {
  readonly incumbent: ServedVersion;
  readonly candidate: ServedVersion;
  /** Its own: a candidate that hangs must not take a worker from those who wait for an answer. */
  readonly sandbox: Sandbox;
  readonly tools: ExecutionTools;
}

/** Runs a candidate on copies of what was answered, and counts how its answers differ. Nothing of it is recorded, and what there is no room for is left out. */
export class Shadow {
  readonly #parts: ShadowParts;
  readonly #tally = new DiffTally();
  #running = 0;
  #skipped = 0;

  constructor(parts: ShadowParts) {
    this.#parts = parts;
  }

  /** To be called after the answer was given. Returns at once. */
  mirror(input: Json, answered: Outcome): void {
    if (this.#running >= SHADOW_AT_ONCE) {
      this.#skipped += 1;
      return;
    }
    this.#running += 1;
    setImmediate(() => {
      this.#compare(input, answered)
        .catch(() => void (this.#skipped += 1))
        .finally(() => void (this.#running -= 1));
    });
  }

  figures(): ShadowFigures {
    return { ...this.#tally.counts(), skipped: this.#skipped };
  }

  close(): Promise<void> {
    return this.#parts.sandbox.close();
  }

  async #compare(input: Json, incumbent: Outcome): Promise<void> {
    const { tools, sandbox, ...pair } = this.#parts;
    const own = { ...tools, sandbox };
    const candidate = await outcomeOf(pair.candidate, input, own);
    const compared = { inputJson: JSON.stringify(input), incumbent, candidate };
    const diffClass = classOf(incumbent, candidate);
    if (diffClass === 'identical' || diffClass === 'both_failing') return this.#tally.add(compared);
    const isStable = isSameOutcome(incumbent, await outcomeOf(pair.incumbent, input, own));
    return this.#tally.add(compared, isStable ? undefined : 'incumbent');
  }
}
