import { createHash } from 'node:crypto';
import {
  type ArtifactResult,
  type Clock,
  type ExecutionPlan,
  type InductionMetadata,
  PlatformError,
  canonicalJson,
  isSuccess,
} from '@loopwright/protocol';
import { emptyResult, readInductionTask } from '../agent/generate.ts';
import type { AgentProgress } from '../agent/run-agent.ts';
import type { ResultStore } from './result-store.ts';
import type { Turns } from './turns.ts';

/** Does the work of one plan. */
export type Generate = (
  plan: ExecutionPlan,
  metadata: InductionMetadata,
  run: { signal: AbortSignal; onProgress: (progress: AgentProgress) => void },
) => Promise<ArtifactResult>;

interface UnderWay {
  readonly planDigest: string;
  readonly result: Promise<ArtifactResult>;
  readonly cancel: AbortController;
  callers: number;
  progress: AgentProgress | undefined;
}

/** Counts since the start of the service. */
export interface ExecutionCounts {
  total: number;
  successful: number;
  failed: number;
}

/** Why a run ends before its time. */
const TIMED_OUT = Symbol('timed out');

/**
 * The executions of the service.
 *
 * 1. One identifier stands for one plan: the same plan gives the stored result, or joins the run under way; another plan is refused.
 * 2. A run is cancelled when its last caller is gone; a cancelled run leaves no result.
 * 3. A run that timed out is kept for readers, and done again when it is asked for again.
 */
export class Executions {
  readonly #store: ResultStore;
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #generate: Generate;
  readonly #underWay = new Map<string, UnderWay>();
  readonly counts: ExecutionCounts = { total: 0, successful: 0, failed: 0 };

  constructor(parts: { store: ResultStore; turns: Turns; clock: Clock; generate: Generate }) {
    this.#store = parts.store;
    this.#turns = parts.turns;
    this.#clock = parts.clock;
    this.#generate = parts.generate;
  }

  /** Runs that have a turn. */
  get running(): number {
    return this.#turns.running;
  }

  /** Runs that wait for a turn. */
  get queued(): number {
    return this.#turns.queued;
  }

  /** How far a run under way is; `undefined` when there is none. */
  progress(executionId: string): AgentProgress | undefined {
    const run = this.#underWay.get(executionId);
    return run && (run.progress ?? { stage: 'queued', done: 0, total: 0 });
  }

  /** The stored result of an execution. */
  async find(executionId: string): Promise<ArtifactResult | undefined> {
    return (await this.#store.read(executionId))?.result;
  }

  /**
   * The result of a plan, worked out or found.
   *
   * @throws PlatformError IDEMPOTENCY_CONFLICT, OVERLOADED, PROVIDER_NOT_CONFIGURED, VALIDATION_ERROR; the reason of the signal
   */
  async execute(plan: ExecutionPlan, signal: AbortSignal): Promise<ArtifactResult> {
    const metadata = readInductionTask(plan);
    const planDigest = digestOf(plan);
    // A run that lost its last caller is on its way out: it must not be joined.
    for (
      let run = this.#underWay.get(plan.execution_id);
      run?.cancel.signal.aborted === true;
      run = this.#underWay.get(plan.execution_id)
    ) {
      await run.result.catch(() => undefined);
    }
    const stored = this.#underWay.has(plan.execution_id) ? undefined : await this.#store.read(plan.execution_id);
    signal.throwIfAborted();
    const known = this.#underWay.get(plan.execution_id);
    if ((known?.planDigest ?? stored?.plan_digest ?? planDigest) !== planDigest) {
      throw new PlatformError(
        'IDEMPOTENCY_CONFLICT',
        `Cannot execute "${plan.execution_id}": another plan has this execution_id`,
      );
    }
    if (known === undefined && stored !== undefined && stored.result.status !== 'TIMEOUT') return stored.result;
    const run = known ?? this.#start(plan, metadata, planDigest);
    return this.#join(run, signal);
  }

  /** Cancels everything under way and waits until it has ended. */
  async stop(): Promise<void> {
    const runs = [...this.#underWay.values()];
    for (const run of runs)
      run.cancel.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot finish the execution: the service is stopping'));
    await Promise.allSettled(runs.map((run) => run.result));
  }

  #start(plan: ExecutionPlan, metadata: InductionMetadata, planDigest: string): UnderWay {
    const { promise, resolve } = Promise.withResolvers<ArtifactResult>();
    const run: UnderWay = { planDigest, result: promise, cancel: new AbortController(), callers: 0, progress: undefined };
    this.#underWay.set(plan.execution_id, run);
    const work = this.#turns.take(run.cancel.signal, async () => this.#work(plan, metadata, run));
    resolve(work.finally(() => this.#underWay.delete(plan.execution_id)));
    return run;
  }

  async #join(run: UnderWay, signal: AbortSignal): Promise<ArtifactResult> {
    run.callers += 1;
    const leave = (): void => {
      run.callers -= 1;
      if (run.callers === 0) run.cancel.abort(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await run.result;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #work(plan: ExecutionPlan, metadata: InductionMetadata, run: UnderWay): Promise<ArtifactResult> {
    const started = this.#clock.now();
    const timeout = new AbortController();
    const stopTimer = this.#clock.schedule(plan.timeout_seconds * 1000, () => timeout.abort(TIMED_OUT));
    this.counts.total += 1;
    let isCounted = false;
    try {
      const signal = AbortSignal.any([run.cancel.signal, timeout.signal]);
      const result = await this.#generate(plan, metadata, { signal, onProgress: (progress) => (run.progress = progress) }).catch(
        (error: unknown) => {
          if (error === TIMED_OUT) return timedOut(plan, started, this.#clock.now());
          throw error;
        },
      );
      await this.#store.write({ execution_id: plan.execution_id, plan_digest: run.planDigest, result });
      this.counts[isSuccess(result) ? 'successful' : 'failed'] += 1;
      isCounted = true;
      return result;
    } finally {
      stopTimer();
      if (!isCounted) this.counts.failed += 1;
    }
  }
}

function timedOut(plan: ExecutionPlan, started: number, now: number): ArtifactResult {
  return {
    ...emptyResult(plan.execution_id, started, now),
    status: 'TIMEOUT',
    error_message: `The generation took longer than ${plan.timeout_seconds} seconds`,
    metadata: { agent: 'induction' },
  };
}

/** The digest of what a plan asks for; when it was written does not matter. */
function digestOf(plan: ExecutionPlan): string {
  const { created_at: _createdAt, ...rest } = plan;
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}
