import { type JsonObject, isoTime, toJson } from '@loopwright/protocol';
import type { Execution } from '../execution/execution.ts';
import type { StoreReader } from '../store/store.ts';
import { budgetState } from './budget.ts';
import type { WaitingTurn } from './turnstile.ts';

/** Why a limit keeps an execution from going on. */
export interface LimitedWhy {
  readonly waiting_for: JsonObject;
  readonly next_wakeup: string | null;
  readonly unblock: string | null;
  readonly sentence: string;
}

/** Says which limit an execution waits for: its budget, a slot, or the turn of a step. Nothing when it is none of them. */
export function explainLimits(
  read: StoreReader,
  { id, status, workflow }: Execution,
  { now, turns, forSeconds }: { now: number; turns: readonly WaitingTurn[]; forSeconds: string },
): LimitedWhy | undefined {
  if (status === 'paused') return explainBudget(read, id, { now, forSeconds });
  if (status === 'pending') {
    const admission = read.limits.admission(id);
    if (admission?.state !== 'waiting') return undefined;
    const { place, length } = read.limits.position(admission);
    return {
      waiting_for: { kind: 'slot', workflow_id: workflow, priority: admission.priority, place, queue_length: length },
      next_wakeup: null,
      unblock: 'Another execution ends or parks, or the limit is raised',
      sentence: `It waits ${forSeconds} for a free slot and is number ${place} of ${length} in the queue of "${workflow}".`,
    };
  }
  const turn = turns[0];
  if (turn === undefined) return undefined;
  const next = turn.nextAt === null ? null : isoTime(turn.nextAt);
  const isFull = turn.limit === 'steps';
  return {
    waiting_for: { kind: isFull ? 'step_slot' : 'rate_limit', step_id: turn.step, limit: turn.limit, since: isoTime(turn.since) },
    next_wakeup: next,
    unblock: isFull ? 'Another step ends' : null,
    sentence: isFull
      ? `Its step ${turn.step} waits until another step ends: as many as may are under way.`
      : `Its step ${turn.step} waits for the rate limit of "${turn.limit}"${next === null ? '' : `, which lets the next one through at ${next}`}.`,
  };
}

function explainBudget(
  read: StoreReader,
  id: string,
  { now, forSeconds }: { now: number; forSeconds: string },
): LimitedWhy | undefined {
  const reached = read.limits.payers(id).map((payer) => ({ payer, budget: read.limits.budget(payer) }));
  const { payer = id, budget } = reached.find((one) => one.budget?.reached != null) ?? {};
  if (budget?.reached == null) return undefined;
  const state = budgetState(budget, now);
  const kind = state.reached ?? 'tokens';
  const used = `${state.used[kind]} of ${state.limits[kind] ?? 'any'}`;
  return {
    waiting_for: {
      kind: 'budget',
      execution_id: payer,
      budget: kind,
      limit: toJson(state.limits[kind]),
      used: toJson(state.used[kind]),
    },
    next_wakeup: null,
    unblock: `POST /api/v1/executions/${payer}/budget with { "add": { "${kind}": … } }`,
    sentence: `It is paused ${forSeconds} because its budget of ${kind} is used up (${used}), and goes on when somebody adds to it.`,
  };
}
