import { type ExampleFacts, PlatformError } from '@loopwright/protocol';
import type { ExampleStore } from '../../../examples/example-store.ts';
import { splitExamples } from '../../../examples/split-examples.ts';
import { runAnalysis } from './run-analysis.ts';

/** How a set would be split. */
export interface FactsRequest {
  readonly digest: string;
  readonly holdout: number;
  readonly seed: number;
}

/** Answers that are kept: a set never changes, so neither does what is measured of it. */
const KEPT = 50;
/** Measurements that may wait for their turn. */
const WAITING_LIMIT = 8;

/** Measures stored sets before a run works on them, with what the run will measure itself. One at a time: each takes a thread and a set in memory. */
export class FactsOfExamples {
  readonly #examples: Pick<ExampleStore, 'read' | 'describe'>;
  readonly #stopping = new AbortController();
  readonly #kept = new Map<string, Promise<ExampleFacts>>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(examples: Pick<ExampleStore, 'read' | 'describe'>) {
    this.#examples = examples;
  }

  /** What is measured of a set. Throws EXAMPLES_NOT_FOUND, STORE_FAILED, OVERLOADED, and INTERNAL_ERROR when it takes too much memory. */
  async facts({ digest, holdout, seed }: FactsRequest): Promise<ExampleFacts> {
    const key = `${digest} ${holdout} ${seed}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    await this.#examples.describe(digest);
    const measured = this.#kept.get(key) ?? this.#inTurn(() => this.#measure({ digest, holdout, seed }));
    this.#kept.set(key, measured);
    measured.catch(() => this.#kept.delete(key));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return measured;
  }

  /** Ends what is measured. */
  close(): void {
    this.#stopping.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot measure the examples: the server stops'));
  }

  #inTurn(work: () => Promise<ExampleFacts>): Promise<ExampleFacts> {
    if (this.#waiting >= WAITING_LIMIT)
      throw new PlatformError('OVERLOADED', 'Cannot measure the examples: too many sets wait for it', {
        details: { limit: WAITING_LIMIT },
      });
    this.#waiting += 1;
    const mine = this.#last.then(work, work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #measure({ digest, holdout: share, seed }: FactsRequest): Promise<ExampleFacts> {
    const { train, holdout } = splitExamples(await this.#examples.read(digest), { holdout: share, seed });
    return { ...(await runAnalysis({ kind: 'data', train, holdout }, this.#stopping.signal)), holdout: holdout.length };
  }
}
