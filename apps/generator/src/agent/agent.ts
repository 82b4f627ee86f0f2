import type { ArtifactResult, ExecutionPlan, GenerationEvent, JsonObject } from '@loopwright/protocol';

/** What an agent tells while it works; the service adds the id, the time and the execution. */
export interface AgentEvent {
  /** How an execution begins and ends is told by the service itself. */
  readonly event_type: Exclude<
    GenerationEvent['event_type'],
    'connected' | 'disconnected' | 'execution_started' | 'execution_completed' | 'execution_failed'
  >;
  readonly stage?: string;
  /** Share of the whole work that is done, 0 … 1. */
  readonly progress?: number;
  readonly message?: string;
  readonly data?: JsonObject;
  readonly error?: string;
}

/** One plan under way. */
export interface AgentRun {
  /** Aborted when the time is over, nobody waits for the result any more, or the service stops. The reason is to be thrown. */
  readonly signal: AbortSignal;
  /** Never throws and never blocks; what nobody hears is dropped, what is too long is cut. */
  readonly onEvent: (event: AgentEvent) => void;
}

/** What an agent answers: a result without what the service knows better (ids, times, cache). */
export type AgentResult = Pick<ArtifactResult, 'metadata'> &
  Partial<Pick<ArtifactResult, 'artifacts' | 'test_results' | 'iterations_used' | 'error_message' | 'warnings' | 'llm_usage'>> & {
    readonly status: Exclude<ArtifactResult['status'], 'CACHE_HIT'>;
  };

/** Does the work of plans of one kind. It keeps nothing between plans. */
export interface Agent {
  /** The value of `metadata.agent` that asks for it. */
  readonly name: string;
  /** One sentence for `GET /`. */
  readonly description: string;
  /** Plans that it works on at a time. Default: the setting of the service. */
  readonly concurrency?: number;
  /**
   * Whether the plan can be worked on; called before it waits for its turn.
   *
   * @throws PlatformError VALIDATION_ERROR with pointers into the plan, PROVIDER_NOT_CONFIGURED, INVALID_PROGRAM
   */
  check(plan: ExecutionPlan): void;
  /**
   * Works on the plan. What is returned is the answer, and is kept under the plan's id, a FAILURE too. What is thrown is not kept: whoever asks again under
   * the same id has it done again. So an agent throws what another attempt may not meet (a provider or a sandbox that is gone), and returns what lies in the plan.
   *
   * @throws PlatformError SERVICE_UNAVAILABLE, PROVIDER_UNAVAILABLE, OVERLOADED …; the reason of the signal
   */
  run(plan: ExecutionPlan, run: AgentRun): Promise<AgentResult>;
}
