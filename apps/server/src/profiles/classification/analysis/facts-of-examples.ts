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

/** What is measured for everybody who asked for the same, as long as somebody waits for it. */
interface Measurement {
  readonly facts: Promise<ExampleFacts>;
  readonly stopping: AbortController;
  asking: number;
  isDone: boolean;
}

/** Answers that are kept: a set never changes, so neither does what is measured of it. */
const KEPT = 50;
/** Measurements that may wait for their turn. */
const WAITING_LIMIT = 8;

/** Measures stored sets before a run works on them, with what the run will measure itself. One at a time: each takes a thread and a set in memory. */
export class FactsOfExamples {
  readonly #examples: Pick<ExampleStore, 'read' | 'describe'>;
  readonly #stopping = new AbortController();
  readonly #kept = new Map<string, Measurement>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(examples: Pick<ExampleStore, 'read' | 'describe'>) {
    this.#examples = examples;
  }

  /**
   * What is measured of a set. When `gone` is aborted for everybody who asked for the same, it is measured no more: whoever asks then begins anew. Throws the
   * reason of `gone` where that was the last one, EXAMPLES_NOT_FOUND, STORE_FAILED, OVERLOADED, and INTERNAL_ERROR when it takes too much memory.
   */
  async facts(request: FactsRequest, gone: AbortSignal): Promise<ExampleFacts> {
    const key = `${request.digest} ${request.holdout} ${request.seed}`;
    if (!this.#kept.has(key)) await this.#examples.describe(request.digest);
    gone.throwIfAborted();
    const measurement = this.#kept.get(key) ?? this.#begin(key, request);
    const leave = (): void => this.#leave(key, measurement, gone.reason);
    measurement.asking += 1;
    gone.addEventListener('abort', leave, { once: true });
    try {
      return await measurement.facts;
    } finally {
      gone.removeEventListener('abort', leave);
    }
  }

  /** Ends what is measured. */
  close(): void {
    this.#stopping.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot measure the examples: the server stops'));
  }

  #begin(key: string, request: FactsRequest): Measurement {
    const stopping = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, stopping.signal]);
    const facts = this.#inTurn(() => this.#measure(request, signal));
    const measurement: Measurement = { facts, stopping, asking: 0, isDone: false };
    this.#kept.set(key, measurement);
    facts.then(
      () => (measurement.isDone = true),
      () => this.#forget(key, measurement),
    );
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return measurement;
  }

  #leave(key: string, measurement: Measurement, reason: unknown): void {
    measurement.asking -= 1;
    if (measurement.asking > 0 || measurement.isDone) return;
    this.#forget(key, measurement);
    measurement.stopping.abort(reason);
  }

  #forget(key: string, measurement: Measurement): void {
    if (this.#kept.get(key) === measurement) this.#kept.delete(key);
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

  async #measure({ digest, holdout: share, seed }: FactsRequest, signal: AbortSignal): Promise<ExampleFacts> {
    signal.throwIfAborted();
    const { train, holdout } = splitExamples(await this.#examples.read(digest), { holdout: share, seed });
    return { ...(await runAnalysis({ kind: 'data', train, holdout }, signal)), holdout: holdout.length };
  }
}
