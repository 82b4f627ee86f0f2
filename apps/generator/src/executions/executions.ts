import { createHash } from 'node:crypto';
import {
  type ArtifactResult,
  type Clock,
  type ExecutionPlan,
  PlatformError,
  type Random,
  canonicalJson,
  isSuccess,
  messageOf,
} from '@loopwright/protocol';
import type { Agent } from '../agent/agent.ts';
import { resultOf } from '../agent/result.ts';
import type { AgentTable } from '../agent/agent-table.ts';
import { EndedLogs } from './ended-logs.ts';
import { EventLog } from './event-log.ts';
import type { ResultStore } from './result-store.ts';

/** What a plan is worked out for. */
export interface Caller {
  /** Who waits; callers take turns. */
  readonly name: string;
  /** Aborted when nobody is there any more to take the answer. */
  readonly signal: AbortSignal;
  /** Told of the events as soon as there are some to be had; not for a result that was kept. */
  readonly onEvents?: (log: EventLog) => void;
}

/** One piece of work: a plan, and all executions that wait for what comes of it. */
interface Work {
  readonly firstId: string;
  readonly digest: string;
  readonly log: EventLog;
  readonly cancel: AbortController;
  /** The result under the id of the first execution; it is on disk. */
  readonly result: Promise<ArtifactResult>;
  callers: number;
}

interface UnderWay {
  readonly work: Work;
  /** The result under this execution's own id; it is on disk. */
  readonly result: Promise<ArtifactResult>;
}

/** Counts since the start of the service. */
export interface ExecutionCounts {
  total: number;
  successful: number;
  failed: number;
  timed_out: number;
  /** Executions that got what another one of the same plan worked out at the time. */
  shared: number;
}

/** Why a run ends before its time. */
const TIMED_OUT = Symbol('timed out');

/**
 * The executions of the service.
 *
 * 1. One identifier stands for one plan: the same plan gives the stored result, or joins the run under way; another plan is refused.
 * 2. Equal plans under several identifiers at a time are worked out once, unless a plan wants nothing that is kept (`cache_strategy: never`).
 * 3. A run is cancelled when its last caller is gone; a cancelled run leaves no result.
 * 4. What an agent returns is kept, what it throws is not: a fault of the sandbox or of a provider is no answer. A run that timed out is kept for readers, and
 *    done again when it is asked for again.
 */
export class Executions {
  readonly #parts: { store: ResultStore; agents: AgentTable; clock: Clock; random: Random };
  readonly #underWay = new Map<string, UnderWay>();
  readonly #byDigest = new Map<string, Work>();
  readonly #ended: EndedLogs;
  readonly counts: ExecutionCounts = { total: 0, successful: 0, failed: 0, timed_out: 0, shared: 0 };

  constructor(parts: { store: ResultStore; agents: AgentTable; clock: Clock; random: Random }) {
    this.#parts = parts;
    this.#ended = new EndedLogs(parts.clock);
  }

  /** The events of an execution under way, or of one that has just ended. */
  log(executionId: string): EventLog | undefined {
    return this.#underWay.get(executionId)?.work.log ?? this.#ended.find(executionId);
  }

  /** Whether an execution is under way. */
  isUnderWay(executionId: string): boolean {
    return this.#underWay.has(executionId);
  }

  /** The stored result of an execution. */
  async find(executionId: string): Promise<ArtifactResult | undefined> {
    return (await this.#parts.store.read(executionId))?.result;
  }

  /**
   * The result of a plan, worked out or found.
   *
   * @throws PlatformError IDEMPOTENCY_CONFLICT, OVERLOADED, RATE_LIMITED; what the agent throws; the reason of the signal
   */
  async execute(plan: ExecutionPlan, caller: Caller): Promise<ArtifactResult> {
    const agent = this.#parts.agents.of(plan);
    agent.check(plan);
    const id = plan.execution_id;
    const digest = digestOf(plan);
    // A run that lost its last caller is on its way out: it must not be joined.
    for (let run = this.#underWay.get(id); run?.work.cancel.signal.aborted === true; run = this.#underWay.get(id))
      await run.result.catch(() => undefined);
    const stored = this.#underWay.has(id) ? undefined : await this.#parts.store.read(id);
    caller.signal.throwIfAborted();
    const known = this.#underWay.get(id);
    if ((known?.work.digest ?? stored?.plan_digest ?? digest) !== digest)
      throw new PlatformError('IDEMPOTENCY_CONFLICT', `Cannot execute "${id}": another plan has this execution_id`);
    if (known === undefined && stored !== undefined && stored.result.status !== 'TIMEOUT') return stored.result;
    const run = known ?? this.#begin(plan, { agent, digest, caller });
    caller.onEvents?.(run.work.log);
    return this.#join(run, caller.signal);
  }

  /** Cancels everything under way and waits until it has ended. */
  async stop(): Promise<void> {
    const runs = [...this.#underWay.values()];
    for (const { work } of runs)
      work.cancel.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot finish the execution: the service is stopping'));
    await Promise.allSettled(runs.map((run) => run.result));
  }

  #begin(plan: ExecutionPlan, { agent, digest, caller }: { agent: Agent; digest: string; caller: Caller }): UnderWay {
    const id = plan.execution_id;
    const running = plan.cache_strategy === 'never' ? undefined : this.#byDigest.get(digest);
    const isShared = running !== undefined && !running.cancel.signal.aborted;
    const work = isShared ? running : this.#start(plan, { agent, digest, caller });
    const result = (isShared ? this.#copyFor(id, work) : work.result).finally(() => {
      this.#underWay.delete(id);
      this.#ended.keep(id, work.log);
    });
    // Whoever waits hears of it; nobody may be waiting any more.
    result.catch(() => undefined);
    const run: UnderWay = { work, result };
    this.#underWay.set(id, run);
    return run;
  }

  /** What another execution works out, kept under an id of its own. */
  async #copyFor(id: string, work: Work): Promise<ArtifactResult> {
    this.counts.shared += 1;
    const result = await work.result;
    const own = { ...result, execution_id: id, metadata: { ...result.metadata, shared_execution_id: work.firstId } };
    await this.#parts.store.write({ execution_id: id, plan_digest: work.digest, result: own });
    return own;
  }

  #start(plan: ExecutionPlan, { agent, digest, caller }: { agent: Agent; digest: string; caller: Caller }): Work {
    const cancel = new AbortController();
    const log = new EventLog(this.#parts.random.uuid().slice(0, 8), this.#parts.clock);
    const turns = this.#parts.agents.turns(agent);
    log.add({ event_type: 'connected', message: `${turns.queued} plans wait, ${turns.running} are worked on` });
    const request = { caller: caller.name, weight: JSON.stringify(plan).length, signal: cancel.signal };
    const result = turns
      .take(request, async () => this.#work(plan, { agent, digest, log, signal: cancel.signal }))
      .catch((error: unknown) => {
        const known = error instanceof PlatformError ? { error_code: error.code, retryable: error.retryable } : {};
        log.add({
          event_type: 'execution_failed',
          message: 'The execution gave no result',
          data: known,
          error: messageOf(error),
        });
        throw error;
      })
      .finally(() => {
        log.end();
        if (this.#byDigest.get(digest) === work) this.#byDigest.delete(digest);
      });
    const work: Work = { firstId: plan.execution_id, digest, log, cancel, result, callers: 0 };
    this.#byDigest.set(digest, work);
    return work;
  }

  async #join({ work, result }: UnderWay, signal: AbortSignal): Promise<ArtifactResult> {
    work.callers += 1;
    const leave = (): void => {
      work.callers -= 1;
      if (work.callers === 0) work.cancel.abort(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await result;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #work(
    plan: ExecutionPlan,
    { agent, digest, log, signal }: { agent: Agent; digest: string; log: EventLog; signal: AbortSignal },
  ): Promise<ArtifactResult> {
    const { clock, store } = this.#parts;
    const started = clock.now();
    const timeout = new AbortController();
    const stopTimer = clock.schedule(plan.timeout_seconds * 1000, () => timeout.abort(TIMED_OUT));
    this.counts.total += 1;
    let isCounted = false;
    try {
      log.add({ event_type: 'execution_started', message: 'The execution has begun', data: { agent: agent.name } });
      const run = { signal: AbortSignal.any([signal, timeout.signal]), onEvent: log.add.bind(log) };
      const answer = await agent.run(plan, run).catch((error: unknown) => {
        // Whatever was thrown on the way out.
        if (!timeout.signal.aborted || signal.aborted) throw error;
        const error_message = `The generation took longer than ${plan.timeout_seconds} seconds`;
        return { status: 'TIMEOUT' as const, error_message, metadata: { agent: agent.name } };
      });
      const result = resultOf(answer, { id: plan.execution_id, started, now: clock.now() });
      await store.write({ execution_id: plan.execution_id, plan_digest: digest, result });
      this.counts[result.status === 'TIMEOUT' ? 'timed_out' : isSuccess(result) ? 'successful' : 'failed'] += 1;
      isCounted = true;
      log.add(endOf(result));
      return result;
    } finally {
      stopTimer();
      if (!isCounted) this.counts.failed += 1;
    }
  }
}

function endOf({ status, error_message, duration_seconds }: ArtifactResult): Parameters<EventLog['add']>[0] {
  const isGood = status === 'SUCCESS' || status === 'PARTIAL_SUCCESS';
  return {
    event_type: isGood ? 'execution_completed' : 'execution_failed',
    progress: 1,
    message: `The execution ended with ${status}`,
    data: { status, duration_seconds },
    ...(isGood || error_message === null ? {} : { error: error_message }),
  };
}

/** The digest of what a plan asks for; under which id, for whom and when does not matter. */
function digestOf(plan: ExecutionPlan): string {
  const { execution_id: _id, created_at: _createdAt, project_name: _project, roma_task_id: _task, ...rest } = plan;
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}
