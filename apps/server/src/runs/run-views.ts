import {
  type AgentUsage,
  type PhaseInfo,
  type RunDetail,
  type RunSummary,
  agentUsageSchema,
  isoTime,
  jsonObjectSchema,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { StoredRun } from './run-store.ts';
import type { RunPhaseTable, RunTable } from './run-tables.ts';

/** A run as lists have it. */
export function summaryView(run: RunTable): RunSummary {
  return {
    run_id: run.run_id,
    profile: run.profile,
    project_name: run.project_name,
    current_phase: run.current_phase,
    status: run.status,
    created_at: isoTime(run.created_at),
    updated_at: isoTime(run.updated_at),
    project_id: run.project_id,
    cloned_from: run.cloned_from,
  };
}

/** A run with its phases; `counts` is how many artifacts each phase has. */
export function detailView({ run, phases }: StoredRun, counts: ReadonlyMap<string, number>): RunDetail {
  const { intake } = run;
  return {
    ...summaryView(run),
    intake,
    phases: phases.map((phase) => phaseView(phase, counts.get(phase.phase) ?? 0)),
    completed_at: run.completed_at === null ? null : isoTime(run.completed_at),
    total_duration_seconds: totalSeconds(phases),
    // The source keeps the intake there as well.
    metadata: { ...(intake === null ? {} : { intake }), ...objectIn(run.metadata) },
    mode: run.mode,
    inputs: objectIn(run.inputs),
    created_by: run.created_by,
    execution_id: run.execution_id,
    error_message: run.error,
  };
}

function phaseView(phase: RunPhaseTable, artifacts: number): PhaseInfo {
  return {
    phase: phase.phase,
    status: phase.status,
    started_at: phase.started_at === null ? null : isoTime(phase.started_at),
    completed_at: phase.completed_at === null ? null : isoTime(phase.completed_at),
    duration_seconds: secondsOf(phase),
    agent_ids: z.array(z.string()).parse(JSON.parse(phase.agents)),
    artifacts_count: artifacts,
    advanced_by: phase.advanced_by,
    skip_validation: phase.skip_validation === 1,
    error_message: phase.error,
  };
}

/** How long a phase took, people's time included; `null` until it has ended. */
export function secondsOf({
  started_at: from,
  completed_at: to,
}: Pick<RunPhaseTable, 'started_at' | 'completed_at'>): number | null {
  return from === null || to === null ? null : Math.max(0, to - from) / 1000;
}

/** From the first start to the last end of a phase; `null` until one has ended. */
export function totalSeconds(phases: readonly RunPhaseTable[]): number | null {
  const starts = phases.flatMap(({ started_at }) => started_at ?? []);
  const ends = phases.flatMap(({ completed_at }) => completed_at ?? []);
  return starts.length === 0 || ends.length === 0 ? null : Math.max(0, Math.max(...ends) - Math.min(...starts)) / 1000;
}

/** What the agents of a phase used. */
export function usageIn({ usage }: Pick<RunPhaseTable, 'usage'>): AgentUsage[] {
  return z.array(agentUsageSchema).parse(JSON.parse(usage));
}

/** A JSON object that a column holds. */
export function objectIn(text: string): RunDetail['metadata'] {
  return jsonObjectSchema.parse(JSON.parse(text));
}
