// Invariants:
// R1. The candidate answers only while the version of the alias is the incumbent of the plan: whoever moves the pointer has ended the rollout.
// R2. Figures count from the epoch on and only grow; another epoch begins with the process.
import { type EdgeRolloutFigures, type Json, PlatformError, type RolloutPlan } from '@loopwright/protocol';
import { LatencySketch } from '../dataset/latency-sketch.ts';
import type { Outcome } from '../diff/outcome.ts';
import type { Execution } from '../serve/execute-once.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import { ArmTally } from './arm-tally.ts';
import { bucketOf } from './bucket-of.ts';
import { SLOWER_BY_MS, SLOW_QUANTILE, TIMED_AFTER } from './limits.ts';
import type { Shadow } from './shadow.ts';

/** What a rollout begins with. */
export interface EdgeRolloutParts {
  readonly plan: RolloutPlan;
  /** Ready to answer; `undefined` in a shadow. */
  readonly candidate?: ServedVersion | undefined;
  readonly shadow?: Shadow | undefined;
  /** Why there is neither. */
  readonly trouble: string | null;
  readonly epoch: string;
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number;
}

/** A rollout of one alias of a program on this edge: who answers, and what became of it. */
export class EdgeRollout {
  plan: RolloutPlan;
  readonly startedAt: number;
  readonly #parts: EdgeRolloutParts;
  readonly arms = { candidate: new ArmTally(), incumbent: new ArmTally() };
  readonly #incumbentLatency = new LatencySketch();
  #slowMs: number | undefined;

  constructor(parts: EdgeRolloutParts) {
    this.plan = parts.plan;
    this.startedAt = parts.startedAt;
    this.#parts = parts;
  }

  get trouble(): string | null {
    return this.#parts.trouble;
  }

  /** The version that answers a request. Without a key the lot decides (`lot` from 0 to below 1). */
  choose(active: ServedVersion, key: string | undefined, lot: () => number): ServedVersion {
    const { candidate } = this.#parts;
    const { mode, incumbent, percentage, rollout_id: id } = this.plan;
    if (candidate === undefined || mode !== 'canary' || active.metadata.version !== incumbent) return active;
    return (key === undefined ? lot() * 100 : bucketOf(id, key)) < percentage ? candidate : active;
  }

  /** Counts how a request ended; `undefined`: the version refused its input. */
  count({ metadata: { version } }: { readonly metadata: { readonly version: number } }, execution: Execution | undefined): void {
    const isCandidate = version === this.plan.candidate;
    if (!isCandidate && version !== this.plan.incumbent) return;
    const arm = this.arms[isCandidate ? 'candidate' : 'incumbent'];
    if (execution?.status !== 'success') return arm.addFailure();
    arm.addAnswer(execution.latencyMs, this.#slowMs);
    if (!isCandidate) this.#incumbentLatency.add(execution.latencyMs);
    return undefined;
  }

  /** Lets the shadow see a request that was answered. */
  mirror({ metadata }: ServedVersion, input: Json, execution: Execution, lot: () => number): void {
    const { shadow } = this.#parts;
    if (shadow === undefined || metadata.version !== this.plan.incumbent || lot() * 100 >= this.plan.percentage) return;
    const answered: Outcome =
      execution.status === 'success' ? execution : { status: execution.status, message: execution.message };
    shadow.mirror(input, answered);
  }

  /**
   * What was counted. From then on a request is slow that takes longer than 95 % of the incumbent's so far did, and noticeably so: the limit is set by the past
   * only, so that comparing the shares of slow requests stays fair.
   */
  figures(): EdgeRolloutFigures {
    const latency = this.#incumbentLatency;
    if (latency.count >= TIMED_AFTER) this.#slowMs = latency.quantile(SLOW_QUANTILE) + SLOWER_BY_MS;
    const { shadow, trouble, epoch } = this.#parts;
    return {
      rollout_id: this.plan.rollout_id,
      epoch,
      percentage: this.plan.percentage,
      trouble,
      candidate: this.arms.candidate.figures(),
      incumbent: this.arms.incumbent.figures(),
      shadow: shadow?.figures() ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#parts.shadow?.close();
  }
}

/** Whether an error says that the version refused the input. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'VALIDATION_ERROR';
}
