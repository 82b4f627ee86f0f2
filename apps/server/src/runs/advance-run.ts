import type { Execution } from '@loopwright/engine';
import { type AdvanceRunResponse, type Clock, PlatformError, isoTime } from '@loopwright/protocol';
import { z } from 'zod';
import { ADVANCE_TYPE } from './profile/weave-phases.ts';
import { type Asked, requestId } from './request-id.ts';
import type { RunParts } from './run-parts.ts';
import type { RunTable } from './run-tables.ts';
import type { RunState } from './state/project-run.ts';
import { refuseWithoutProvider } from './refuse-without-provider.ts';
import { recordedState } from './state/recorded-state.ts';

/** How long the first gate of a run that was just created may take to open, in milliseconds. */
const OPENING_MS = 30_000;

/** One `next`. */
export interface AdvanceRequest extends Asked {
  readonly skipValidation: boolean;
  /** How long to wait for the phase, in milliseconds; 0 to answer as soon as the advance is recorded. */
  readonly waitMs: number;
  /** Aborted when the server stops: the answer is given then. */
  readonly signal: AbortSignal;
}

/** What became of it. */
export interface AdvanceOutcome {
  readonly response: AdvanceRunResponse;
  /** Whether the phase still works: nobody is asked, and it has not ended. */
  readonly isUnderWay: boolean;
}

type AdvanceParts = Pick<RunParts, 'engine' | 'clock' | 'random' | 'tracker'>;

/**
 * Lets a run go on to the phase whose gate is open, and waits until that phase has ended or waits for people. The advance is for one execution and one
 * phase, and its gate takes one: so of two at once the second finds the phase under way. The same key again finds what it began.
 * Throws PHASE_UNDER_WAY, INVALID_STATE for a run that is paused or has ended, IDEMPOTENCY_CONFLICT; PROVIDER_NOT_CONFIGURED and PROVIDER_UNAVAILABLE when that is what the phase failed for.
 */
export async function advanceRun(parts: AdvanceParts, run: RunTable, request: AdvanceRequest): Promise<AdvanceOutcome> {
  const advanceId = requestId(parts, request, `next ${run.run_id}`);
  const phase = begunBefore(parts, run, { ...request, advanceId }) ?? (await advance(parts, run, { ...request, advanceId }));
  const { clock, engine } = parts;
  const outcome = await settled(
    { engine, clock, executionId: run.execution_id, waitMs: request.waitMs, signal: request.signal },
    () => outcomeOf(parts, run, phase),
  );
  await parts.tracker.refresh(run.run_id);
  if (outcome?.status === 'failed') refuseWithoutProvider(engine.read.execution(run.execution_id)?.error, run.run_id);
  return {
    response: outcome ?? respond(run, { phase, status: 'running', message: `${phase} is under way` }),
    isUnderWay: outcome === undefined,
  };
}

/** Lets a run go on by itself when it may; its gate takes one advance, however often this is tried. */
export async function advanceBySelf(
  { engine, clock }: Pick<RunParts, 'engine' | 'clock'>,
  run: RunTable,
  { gate, status }: RunState,
): Promise<void> {
  if (gate === null || status !== 'running') return;
  const asked = { advanceId: `auto:${run.execution_id}:${gate}`, by: 'auto', skipValidation: false };
  await engine.publish(advanceEvent(run, gate, { ...asked, at: clock.now() }));
}

type Numbered = AdvanceRequest & { readonly advanceId: string };

/** The phase that this very request began, before a crash or before its answer was lost. */
function begunBefore({ engine }: AdvanceParts, run: RunTable, { advanceId, skipValidation }: Numbered): string | undefined {
  const before = recordedState(engine.read, run)?.advances.find(({ advance_id }) => advance_id === advanceId);
  if (before !== undefined && before.skip_validation !== skipValidation)
    throw new PlatformError('IDEMPOTENCY_CONFLICT', 'Cannot advance the run: its idempotency key was used for another request');
  return before?.phase;
}

async function advance({ engine, clock }: AdvanceParts, run: RunTable, request: Numbered): Promise<string> {
  const { signal } = request;
  const executionId = run.execution_id;
  const state = await settled({ engine, clock, executionId, waitMs: OPENING_MS, signal }, () => {
    const now = recordedState(engine.read, run);
    return now === undefined || isOpening(now) ? undefined : now;
  });
  if (state === undefined) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot advance the run: it has not begun yet');
  const phase = openGate(run, state);
  await engine.publish(advanceEvent(run, phase, { ...request, at: clock.now() }));
  const after = recordedState(engine.read, run);
  if (after?.advances.some(({ advance_id }) => advance_id === request.advanceId) === true) return phase;
  throw after === undefined ? ended(run.status, run.run_id) : refusal(after, run.run_id);
}

/** Whether the next gate is about to open: nothing is under way, and nothing is waited for. */
function isOpening({ status, gate, phases }: RunState): boolean {
  return status === 'running' && gate === null && !phases.some((phase) => phase.status === 'in_progress');
}

function openGate(run: RunTable, state: RunState): string {
  if (state.gate !== null && state.status === 'running') return state.gate;
  throw refusal(state, run.run_id);
}

function refusal({ status, phases, current_phase: current }: RunState, runId: string): PlatformError {
  if (status !== 'running') return ended(status, runId);
  const phase = phases.find((one) => one.status === 'in_progress');
  const since = phase?.started_at ?? null;
  const when = since === null ? '' : ` since ${isoTime(since)}`;
  return new PlatformError('PHASE_UNDER_WAY', `Cannot advance the run: ${phase?.phase ?? current} is under way${when}`, {
    details: { phase: phase?.phase ?? current, since: since === null ? null : isoTime(since) },
  });
}

function ended(status: RunTable['status'], runId: string): PlatformError {
  const how = {
    running: 'it has another execution by now',
    paused: `it is paused; POST /runs/${runId}/resume lets it go on`,
    failed: `it has failed; POST /runs/${runId}/retry tries again what failed`,
    completed: 'it is completed',
    cancelled: 'it was cancelled',
  }[status];
  return new PlatformError('INVALID_STATE', `Cannot advance the run: ${how}`, { details: { status } });
}

function advanceEvent(
  run: RunTable,
  phase: string,
  { advanceId, by, skipValidation, at }: { advanceId: string; by: string; skipValidation: boolean; at: number },
): Parameters<RunParts['engine']['publish']>[0] {
  return {
    specversion: '1.0',
    id: advanceId,
    source: `/runs/${run.run_id}`,
    type: `${ADVANCE_TYPE}${run.execution_id}`,
    subject: phase,
    data: { phase, skip_validation: skipValidation, by, at: isoTime(at), advance_id: advanceId },
  };
}

/** The answer as soon as there is one: the phase has ended, or people are waited for. */
function outcomeOf({ engine }: AdvanceParts, run: RunTable, phase: string): AdvanceRunResponse | undefined {
  const state = recordedState(engine.read, run);
  const row = state?.phases.find((one) => one.phase === phase);
  const execution = engine.read.execution(run.execution_id);
  if (state === undefined || row === undefined || execution === undefined) return undefined;
  if (row.status === 'completed') {
    const next = state.phases.find(({ position, status }) => position > row.position && status !== 'skipped')?.phase;
    if (next === undefined)
      return respond(run, { phase, status: state.status, message: `Completed ${phase}: the run is completed` });
    const status = state.status === 'paused' ? 'paused' : 'running';
    return { ...respond(run, { phase, status, message: `Advanced from ${phase} to ${next}` }), current_phase: next };
  }
  if (row.status === 'failed') {
    const message =
      state.status === 'cancelled' ? `${phase} was cancelled` : `${phase} has failed: ${row.error ?? 'no reason was given'}`;
    return respond(run, { phase, status: state.status, message });
  }
  const isWaiting = execution.status === 'waiting_acceptance' || execution.status === 'waiting_clarification';
  if (!isWaiting && execution.status !== 'paused') return undefined;
  return respond(run, { phase, status: state.status, message: whatIsWaitedFor({ engine }, execution, phase) });
}

const personSchema = z.looseObject({ kind: z.literal('person'), task_id: z.string(), step_id: z.string() });
const titledSchema = z.looseObject({ title: z.string() });

function whatIsWaitedFor({ engine }: Pick<RunParts, 'engine'>, execution: Execution, phase: string): string {
  const { sentence, waiting_for: waits } = engine.operations.why(execution);
  const asked = waits.map((wait) => personSchema.safeParse(wait).data).find((wait) => wait !== undefined);
  if (execution.status === 'paused' || asked === undefined) return `${phase} stands still: ${sentence}`;
  const { request } = engine.read.humanTask(asked.task_id) ?? {};
  const title = titledSchema.safeParse(request).data?.title ?? asked.step_id;
  return `${phase} waits for a person: "${title}" (${asked.task_id})`;
}

function respond(
  { run_id }: RunTable,
  { phase, status, message }: { phase: string; status: AdvanceRunResponse['status']; message: string },
): AdvanceRunResponse {
  return { run_id, previous_phase: phase, current_phase: phase, status, message };
}

/** What `look` gives as soon as it gives something, asked anew behind every event of an execution; `undefined` when the time is over. */
export async function settled<T>(
  {
    engine,
    clock,
    executionId,
    waitMs,
    signal,
  }: { engine: Pick<RunParts['engine'], 'subscribe'>; clock: Clock; executionId: string; waitMs: number; signal: AbortSignal },
  look: () => T | undefined,
): Promise<T | undefined> {
  let wake: () => void = () => undefined;
  let isOver = waitMs === 0 || signal.aborted;
  const stop = (): void => {
    isOver = true;
    wake();
  };
  const unsubscribe = engine.subscribe(executionId, () => wake());
  const cancelTimer = clock.schedule(waitMs, stop);
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const found = look();
      if (found !== undefined || isOver) return found;
      await changed;
    }
  } finally {
    unsubscribe();
    cancelTimer();
    signal.removeEventListener('abort', stop);
  }
}
