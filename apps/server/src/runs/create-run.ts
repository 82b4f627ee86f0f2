import { digestOf } from '@loopwright/engine';
import {
  type CloneRunRequest,
  type CreateRunRequest,
  type Json,
  type JsonObject,
  PlatformError,
  budgetLimitsSchema,
  toJson,
} from '@loopwright/protocol';
import { type Profile } from './profile/profile.ts';
import { profileName, requireProfile, workflowName } from './profile/profiles.ts';
import { type Asked, requestId } from './request-id.ts';
import type { RunParts } from './run-parts.ts';
import type { RunProjection } from './run-store.ts';
import type { RunTable } from './run-tables.ts';
import { objectIn } from './run-views.ts';

/**
 * Creates a run: it is stored, then its execution is started, which waits at the gate of the first phase. The same key again gives the same run. Throws
 * UNKNOWN_PROFILE, VALIDATION_ERROR for inputs that the profile does not take, IDEMPOTENCY_CONFLICT.
 */
export async function createRun(
  parts: RunParts,
  request: CreateRunRequest,
  asked: Asked & { clonedFrom?: string },
): Promise<{ readonly created: boolean; readonly run: RunTable }> {
  const profile = requireProfile(parts.engine, request.profile);
  const runId = requestId(parts, asked, 'run');
  const at = parts.clock.now();
  const { created, run } = await parts.store.insert(newRun(profile, request, { runId, at, ...asked }), pendingPhases(profile));
  try {
    await startRun(parts, run);
  } catch (error) {
    if (created) await parts.store.remove(runId);
    throw error;
  }
  await parts.tracker.track(run);
  return { created, run };
}

/** Starts the execution of a run that is stored; one that is there already is left as it is. */
export async function startRun({ engine }: Pick<RunParts, 'engine'>, run: RunTable): Promise<void> {
  if (engine.read.status(run.run_id) !== undefined) return;
  const budgets = run.budget === null ? undefined : budgetLimitsSchema.parse(JSON.parse(run.budget));
  await engine.start({
    executionId: run.run_id,
    workflow: workflowName(run.profile),
    projectId: run.project_id,
    input: inputOf(run),
    startedBy: run.created_by,
    ...(budgets === undefined ? {} : { budgets }),
  });
}

/** What is asked for when a run is to be made once more, with what is to be different. */
export function cloneRequest(run: RunTable, overrides: CloneRunRequest): CreateRunRequest {
  const budget = run.budget === null ? undefined : budgetLimitsSchema.parse(JSON.parse(run.budget));
  const kept: CreateRunRequest = {
    profile: run.profile,
    intake: run.intake,
    // The name that a run without one gets has its id in it.
    project_name: run.project_name === defaultName(run.run_id) ? null : run.project_name,
    metadata: objectIn(run.metadata),
    project_id: run.project_id,
    mode: run.mode,
    inputs: objectIn(run.inputs),
    ...(budget === undefined ? {} : { budget }),
  };
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...kept, ...(Object.fromEntries(given) as Partial<CreateRunRequest>) };
}

function newRun(
  profile: Profile,
  request: CreateRunRequest,
  { runId, at, by, clonedFrom = null }: { runId: string; at: number; by: string; clonedFrom?: string | null },
): RunTable {
  const asked: Json = toJson({ ...request, profile: profileName(profile.name), by, cloned_from: clonedFrom });
  return {
    run_id: runId,
    profile: profileName(profile.name),
    project_id: request.project_id,
    project_name: request.project_name ?? defaultName(runId),
    intake: request.intake ?? null,
    metadata: JSON.stringify(request.metadata),
    inputs: JSON.stringify(request.inputs),
    budget: request.budget === undefined ? null : JSON.stringify(request.budget),
    mode: request.mode,
    created_by: by,
    created_at: at,
    cloned_from: clonedFrom,
    request_digest: digestOf(asked),
    execution_id: runId,
    status: 'running',
    current_phase: profile.phases[0]?.name ?? '',
    updated_at: at,
    completed_at: null,
    error: null,
    workspace_removed_at: null,
    state_exported: 0,
  };
}

function pendingPhases({ phases }: Profile): RunProjection['phases'] {
  return phases.map(({ name, agents }, position) => ({
    position,
    phase: name,
    status: 'pending',
    started_at: null,
    completed_at: null,
    advanced_by: null,
    skip_validation: 0,
    agents: JSON.stringify(agents),
    usage: '[]',
    error: null,
  }));
}

function inputOf(run: RunTable): JsonObject {
  const { run_id, profile, intake, project_name } = run;
  return { run_id, profile, intake, project_name, metadata: objectIn(run.metadata), inputs: objectIn(run.inputs) };
}

function defaultName(runId: string): string {
  return `run_${runId.slice(0, 8)}`;
}

/** The run, or RUN_NOT_FOUND. */
export async function requireRun({ store }: Pick<RunParts, 'store'>, runId: string): Promise<RunTable> {
  const stored = await store.find(runId);
  if (stored === undefined) throw runNotFound(runId);
  return stored.run;
}

/** The words are those of `seeds/001`. */
export function runNotFound(runId: string): PlatformError {
  return new PlatformError('RUN_NOT_FOUND', `Run not found: ${runId}`);
}
