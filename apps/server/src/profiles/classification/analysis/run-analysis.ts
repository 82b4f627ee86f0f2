import { Worker } from 'node:worker_threads';
import { type LabelledExample, PlatformError } from '@loopwright/protocol';
import type { Baseline } from './baselines.ts';
import type { DataFacts } from './data-facts.ts';
import type { DataShape } from './measure-shape.ts';

/** What is measured in a thread. */
export type AnalysisTask =
  | { readonly kind: 'baselines'; readonly train: readonly LabelledExample[]; readonly seed: number }
  | {
      readonly kind: 'judged-baselines';
      readonly train: readonly LabelledExample[];
      readonly holdout: readonly LabelledExample[];
    }
  | { readonly kind: 'shape'; readonly train: readonly LabelledExample[] }
  | { readonly kind: 'data'; readonly train: readonly LabelledExample[]; readonly holdout: readonly LabelledExample[] };

type ResultOf<Task extends AnalysisTask> = Task extends { kind: 'data' }
  ? DataFacts
  : Task extends { kind: 'shape' }
    ? DataShape
    : Baseline[];

const MEMORY_MB = 1024;

/**
 * Measures examples in a thread of its own, so that the server goes on answering. The thread is ended when the signal is aborted.
 *
 * @throws the reason of the signal; INTERNAL_ERROR when the thread fails or takes too much memory
 */
export async function runAnalysis<Task extends AnalysisTask>(task: Task, signal: AbortSignal): Promise<ResultOf<Task>> {
  signal.throwIfAborted();
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./analysis-worker.${extension}`, import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const { promise, resolve, reject } = Promise.withResolvers<ResultOf<Task>>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  worker.on('message', resolve);
  worker.on('error', (cause) =>
    reject(new PlatformError('INTERNAL_ERROR', 'Cannot measure the examples: the thread failed', { cause })),
  );
  worker.on('exit', (code) =>
    reject(new PlatformError('INTERNAL_ERROR', `Cannot measure the examples: the thread ended with code ${code}`)),
  );
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
