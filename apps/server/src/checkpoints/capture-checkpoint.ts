import { join } from 'node:path';
import type { StoreReader } from '@loopwright/engine';
import type { Clock, Random } from '@loopwright/protocol';
import type { GovernanceStore } from '../governance/governance-store.ts';
import { checkView, lastOfEachPhase } from '../governance/governance-store.ts';
import { profileOf } from '../runs/profile/profile.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { CheckpointTable } from './checkpoint-tables.ts';
import { captureFiles, keepManifest } from './manifest.ts';
import { ObjectStore } from './object-store.ts';

/** What checkpoints work with. */
export interface CheckpointParts {
  readonly store: CheckpointStore;
  readonly governance: GovernanceStore;
  readonly workspaces: Workspaces;
  /** The record of executions; known when the engine is there. */
  readonly read: () => StoreReader;
  readonly clock: Clock;
  readonly random: Random;
}

/** Which checkpoint is made. */
export interface CaptureRequest {
  readonly executionId: string;
  /** Of the journal entry: the same one again is the same checkpoint. */
  readonly key: string;
  readonly phase: string;
  readonly type: 'pre' | 'post';
}

/** The contents that the checkpoints of a run keep: beside its artifacts, so that they are kept as long as those. */
export function objectsOf({ workspaces, random }: Pick<CheckpointParts, 'workspaces' | 'random'>, runId: string): ObjectStore {
  return new ObjectStore({ dir: join(workspaces.of(runId).dir, 'checkpoints'), random });
}

/**
 * Makes a checkpoint of the run that an execution belongs to: the contents first, then the list of them, then the row. Safe to repeat after a
 * crash: what is kept already is not kept twice, and the row is written once.
 */
export async function captureCheckpoint(parts: CheckpointParts, request: CaptureRequest): Promise<CheckpointTable> {
  const { store, workspaces, clock } = parts;
  const { executionId, key, phase, type } = request;
  const existing = await store.ofKey(executionId, key);
  if (existing !== undefined) return existing;
  const started = clock.now();
  const runId = (await workspaces.runOf(executionId)) ?? executionId;
  const objects = objectsOf(parts, runId);
  const { manifest, incomplete } = await captureFiles(join(workspaces.of(runId).dir, 'artifacts'), objects);
  const checks = lastOfEachPhase(await parts.governance.ofRun(runId)).map(checkView);
  const gates = checks.map(({ phase: checked, results }) => [checked, (results?.quality_gates ?? []).map(briefly)]);
  return store.insert({
    run_id: runId,
    execution_id: executionId,
    key,
    phase,
    type,
    created_at: clock.now(),
    duration_ms: Math.max(0, clock.now() - started),
    manifest: await keepManifest(manifest, objects),
    files: manifest.length,
    bytes: manifest.reduce((sum, { bytes }) => sum + bytes, 0),
    incomplete,
    state: JSON.stringify(stateOf(parts.read(), request)),
    governance: JSON.stringify(Object.fromEntries(gates)),
  });
}

type Brief = { gate_id: string; status: string; actual: number | null; threshold: unknown };
function briefly({ gate_id, status, actual, threshold }: Brief): Brief {
  return { gate_id, status, actual, threshold };
}

function stateOf(read: StoreReader, { executionId, phase, type }: CaptureRequest): object {
  const digest = read.execution(executionId)?.definitionDigest ?? '';
  const definition = read.definition(digest);
  const phases = (definition === undefined ? [] : (profileOf(definition)?.phases ?? [])).map(({ name }) => name);
  const budget = read.limits.budget(executionId);
  return {
    current_phase: phase,
    completed_phases: phases.slice(0, Math.max(0, phases.indexOf(phase)) + (type === 'post' ? 1 : 0)),
    execution_id: executionId,
    journal_entries: read.journal(executionId).length,
    last_event: read.count('events', executionId),
    definition_digest: digest,
    tokens: budget === undefined ? null : budget.used.tokens,
    cost_usd: budget === undefined ? null : budget.used.cost / 1e9,
  };
}
