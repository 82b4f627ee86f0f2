import {
  type PhaseInfo,
  type RunDetail,
  type RunListItem,
  type RunSummary,
  isoTime,
  jsonObjectSchema,
} from '@loopwright/protocol';
import { z } from 'zod';
import { compareCosts } from './metrics/compare-costs.ts';
import { NO_PAST_RUNS, type PastRuns } from './metrics/past-runs.ts';
import { isOver, phaseCost } from './metrics/phase-cost.ts';
import { usageView } from './metrics/usage-view.ts';
import { secondsOf, totalSeconds, usageIn } from './phase-figures.ts';
import type { StoredRun } from './run-store.ts';
import type { RunPhaseTable, RunTable } from './run-tables.ts';

/** A run in short. */
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

/** A run as lists have it, with what waits and what was warned of. */
export function listItemView(run: RunTable, { open, warnings }: { open: number; warnings: number | undefined }): RunListItem {
  return { ...summaryView(run), execution_id: run.execution_id, open_tasks: open, warnings_count: warnings ?? null };
}

/** A run with its phases; `counts` is how many artifacts each phase has, `past` what phases that are still to come are estimated from. */
export function detailView(
  { run, phases }: StoredRun,
  counts: ReadonlyMap<string, number>,
  past: PastRuns = NO_PAST_RUNS,
): RunDetail {
  const { intake } = run;
  return {
    ...summaryView(run),
    intake,
    phases: phases.map((phase) => phaseView(phase, counts.get(phase.phase) ?? 0, { isOver: isOver(run), past })),
    completed_at: run.completed_at === null ? null : isoTime(run.completed_at),
    total_duration_seconds: totalSeconds(phases),
    // The source keeps the intake there as well.
    metadata: { ...(intake === null ? {} : { intake }), ...objectIn(run.metadata) },
    mode: run.mode,
    inputs: objectIn(run.inputs),
    created_by: run.created_by,
    execution_id: run.execution_id,
    error_message: run.error,
    cost: compareCosts(phases.flatMap(usageIn)),
  };
}

function phaseView(phase: RunPhaseTable, artifacts: number, plan: { isOver: boolean; past: PastRuns }): PhaseInfo {
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
    cost: phaseCost(phase, plan),
    per_agent: usageIn(phase).map(usageView),
  };
}

/** A JSON object that a column holds. */
export function objectIn(text: string): RunDetail['metadata'] {
  return jsonObjectSchema.parse(JSON.parse(text));
}
