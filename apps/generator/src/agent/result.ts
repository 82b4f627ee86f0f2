import { type ArtifactResult, isoTime } from '@loopwright/protocol';
import type { AgentResult } from './agent.ts';

/** The result of an execution: what its agent answered, and what the service knows. */
export function resultOf(answer: AgentResult, execution: { id: string; started: number; now: number }): ArtifactResult {
  const { id, started, now } = execution;
  return {
    execution_id: id,
    artifacts: [],
    test_results: null,
    iterations_used: 1,
    error_message: null,
    warnings: [],
    llm_usage: [],
    ...answer,
    started_at: isoTime(started),
    completed_at: isoTime(now),
    duration_seconds: Math.max(0, now - started) / 1000,
    from_cache: false,
    cache_key: null,
  };
}
