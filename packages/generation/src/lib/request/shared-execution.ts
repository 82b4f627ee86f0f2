import type { ArtifactResult, GenerationEvent } from '@loopwright/protocol';
import { copyResult } from '../cache/copy-result.ts';

/** Somebody who waits for an execution. */
export interface Caller {
  readonly executionId: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: GenerationEvent) => void) | undefined;
}

/** What the work of a shared execution is given. */
export interface SharedWork {
  /** Aborted when the last caller is gone, with that one's reason. */
  readonly signal: AbortSignal;
  readonly emit: (event: GenerationEvent) => void;
  /** Resolves as soon as one of the callers wants to know of the progress. */
  readonly listened: Promise<void>;
}

/** One piece of work for all callers of the same plan. A caller that gives up leaves it to the others; the last one ends it. */
export class SharedExecution {
  readonly #stop = new AbortController();
  readonly #callers = new Set<Caller>();
  readonly #executionId: string;
  readonly #result: Promise<ArtifactResult>;
  #listen: () => void = () => undefined;
  #payer: Caller | undefined;

  /** `executionId` is the id under which the work is done: that of the first caller. */
  constructor(executionId: string, run: (work: SharedWork) => Promise<ArtifactResult>) {
    this.#executionId = executionId;
    const listened = new Promise<void>((resolve) => (this.#listen = resolve));
    // The work begins in a later turn, when its first caller has joined.
    this.#result = Promise.resolve().then(() => run({ signal: this.#stop.signal, emit: (event) => this.#emit(event), listened }));
    this.#result.catch(() => undefined);
  }

  /** Whether all callers have given up; nobody can join any more. */
  get abandoned(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Waits for the result, or for the caller's signal. The result is the caller's own copy, under the caller's execution id; for everybody
   * but the one that has waited longest `metadata.shared_execution_id` names that one, in whose result the costs count.
   */
  join(caller: Caller): Promise<ArtifactResult> {
    const { signal } = caller;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    this.#callers.add(caller);
    if (caller.onProgress !== undefined) this.#listen();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal?.removeEventListener('abort', giveUp);
        this.#callers.delete(caller);
        if (this.#callers.size === 0) this.#stop.abort(signal?.reason);
      };
      const giveUp = (): void => {
        leave();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#result
        .then((result) => resolve(this.#resultFor(caller, result)), reject)
        .finally(leave)
        .catch(() => undefined);
    });
  }

  #resultFor(caller: Caller, result: ArtifactResult): ArtifactResult {
    const [oldest] = this.#callers;
    this.#payer ??= oldest;
    const own = caller.executionId === this.#executionId ? result : { ...copyResult(result), execution_id: caller.executionId };
    if (caller === this.#payer || this.#payer === undefined) return own;
    return { ...copyResult(own), metadata: { ...own.metadata, shared_execution_id: this.#payer.executionId } };
  }

  #emit(event: GenerationEvent): void {
    for (const { executionId, onProgress } of this.#callers) {
      try {
        onProgress?.({ ...event, execution_id: executionId });
      } catch {
        // A listener that throws harms neither the execution nor the other callers.
      }
    }
  }
}
