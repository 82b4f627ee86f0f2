import { Worker } from 'node:worker_threads';
import { PlatformError } from '@loopwright/protocol';
import type { InductionResult, InductionTask } from '../induction/task.ts';
import { SERVICE_LIMITS } from '../limits.ts';

/** What the thread is given. */
export type AgentTask = Omit<InductionTask, 'clock' | 'signal' | 'onProgress'>;

/** How far an agent is. */
export interface AgentProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** What the thread posts. */
export type AgentMessage =
  | { readonly kind: 'progress'; readonly progress: AgentProgress }
  | { readonly kind: 'result'; readonly result: InductionResult };

/**
 * Learns a program in a thread of its own, so that the event loop of the service stays free. The thread is ended when
 * the signal is aborted.
 *
 * @throws the reason of the signal; PlatformError INTERNAL_ERROR when the thread fails or takes too much memory
 */
export async function runAgent(
  task: AgentTask,
  signal: AbortSignal,
  onProgress: (progress: AgentProgress) => void,
): Promise<InductionResult> {
  signal.throwIfAborted();
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./induction-worker.${extension}`, import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: SERVICE_LIMITS.agentMemoryMb },
  });
  const { promise, resolve, reject } = Promise.withResolvers<InductionResult>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  worker.on('message', (message: AgentMessage) => {
    if (message.kind === 'progress') onProgress(message.progress);
    else resolve(message.result);
  });
  worker.on('error', (cause) =>
    reject(new PlatformError('INTERNAL_ERROR', 'Cannot learn the program: the agent failed', { cause })),
  );
  worker.on('exit', (code) =>
    reject(new PlatformError('INTERNAL_ERROR', `Cannot learn the program: the agent ended with code ${code}`)),
  );
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
