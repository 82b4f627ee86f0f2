import { type Execution, type JournalEntry, isFinal } from '@loopwright/engine';
import type { Json, JsonObject, RunStatus } from '@loopwright/protocol';
import type { ProfilePhase } from '../profile/profile.ts';
import { gateOf } from '../profile/profile.ts';
import type { RunProjection } from '../run-store.ts';
import type { RecordedUsage } from './recorded-usage.ts';

/** What the engine has recorded of a run. */
export interface RunRecord {
  readonly phases: readonly ProfilePhase[];
  readonly execution: Execution;
  readonly journal: readonly JournalEntry[];
  /** What the steps of all executions of the run have used, by phase. */
  readonly usage: ReadonlyMap<string, readonly RecordedUsage[]>;
}

/** An advance as it was taken: `$context.advance`, and the id of its event. */
interface Advance {
  readonly phase: string;
  readonly skip_validation: boolean;
  readonly by: string;
  readonly at: string;
  readonly advance_id: string;
}

/** Where a run stands, from the record alone: the one place where the engine's words become those of `seeds/001`. */
export interface RunState extends RunProjection {
  /** The phase whose gate is open: the run waits for somebody to advance to it. */
  readonly gate: string | null;
  readonly advances: readonly Advance[];
}

const RUN_STATUS: Record<Execution['status'], RunStatus> = {
  pending: 'running',
  running: 'running',
  waiting_clarification: 'running',
  waiting_acceptance: 'running',
  paused: 'paused',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A run as its record has it. */
export function projectRun({ phases, execution, journal, usage }: RunRecord): RunState {
  const entries = new Map(journal.map((entry) => [entry.key, entry]));
  const gates = phases.map(({ name }) => entries.get(gateOf(name)));
  const last = gates.findLastIndex((gate) => gate !== undefined);
  const error = errorOf(execution);
  const rows = phases.map((phase, position) => {
    const gate = gates[position];
    const began = gate?.state === 'done' ? advanceOf(gate) : undefined;
    const next = gates.slice(position + 1).find((later) => later !== undefined);
    const end = next?.createdAt ?? (isFinal(execution.status) ? execution.completedAt : null);
    const isPassed = next !== undefined || execution.status === 'completed';
    const isBroken =
      began !== undefined && next === undefined && (execution.status === 'failed' || execution.status === 'cancelled');
    const status =
      began === undefined ? (isPassed ? 'skipped' : 'pending') : isBroken ? 'failed' : isPassed ? 'completed' : 'in_progress';
    const used = usage.get(phase.name) ?? [];
    return {
      position,
      phase: phase.name,
      status,
      started_at: began === undefined ? null : (gate?.recordedAt ?? null),
      completed_at: began === undefined ? null : end,
      advanced_by: began?.by ?? null,
      skip_validation: began?.skip_validation === true ? 1 : 0,
      agents: JSON.stringify([...new Set([...phase.agents, ...used.map(({ agent }) => agent)])]),
      usage: JSON.stringify(used),
      error: isBroken ? error : null,
    } as const;
  });
  const waiting =
    last === -1 || gates[last]?.state !== 'waiting' || isFinal(execution.status) ? null : (phases[last]?.name ?? null);
  return {
    status: RUN_STATUS[execution.status],
    current_phase: phases[execution.status === 'completed' ? phases.length - 1 : Math.max(last, 0)]?.name ?? '',
    updated_at: Math.max(execution.updatedAt, ...journal.map(({ createdAt, recordedAt }) => recordedAt ?? createdAt)),
    completed_at: execution.completedAt,
    error,
    phases: rows,
    gate: waiting,
    advances: gates.flatMap((gate) => (gate?.state === 'done' ? [advanceOf(gate)] : [])),
  };
}

/** The event that a gate took. */
function advanceOf({ value, recordedAt }: JournalEntry): Advance {
  const event = asObject(Array.isArray(value) ? value[0] : undefined);
  const text = (name: string): string => (typeof event[name] === 'string' ? event[name] : '');
  return {
    phase: text('phase'),
    skip_validation: event['skip_validation'] === true,
    by: text('by'),
    at: text('at') || String(recordedAt),
    advance_id: text('advance_id'),
  };
}

function errorOf({ status, error }: Execution): string | null {
  if (status === 'cancelled') return 'The run was cancelled';
  if (status !== 'failed') return null;
  const detail = asObject(error)['detail'];
  return typeof detail === 'string' ? detail : 'The run failed';
}

function asObject(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
