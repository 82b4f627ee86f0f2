import type { Projection } from '@loopwright/protocol';
import { secondsOf, usageIn } from '../phase-figures.ts';
import { costsOf } from '../state/agent-usage.ts';
import type { PastPhase, PastRuns } from './past-runs.ts';

/** What the phases that are still to come cost in completed runs of the same profile, in US dollars. */
export function projectCost(remaining: readonly PastPhase[], past: PastRuns): Projection {
  const costs = past.runs.flatMap((run) => sumOf(remaining, run, (row) => costsOf(usageIn(row))) ?? []);
  return projectionOf(costs, { remaining, past, nothing: 'no completed run of the profile has known costs of these phases' });
}

/** Seconds that the phases still to come took in completed runs of the same profile, less what the phase under way has taken already. */
export function projectTime(remaining: readonly PastPhase[], past: PastRuns, now: number): Projection {
  const times = past.runs.flatMap(
    (run) =>
      sumOf(remaining, run, (row, present) => {
        const seconds = secondsOf(row);
        const elapsed = present.started_at === null ? 0 : (now - present.started_at) / 1000;
        return seconds === null ? null : Math.max(0, seconds - elapsed);
      }) ?? [],
  );
  return projectionOf(times, { remaining, past, nothing: 'no completed run of the profile has run these phases' });
}

/** The sum over the remaining phases as one past run had them; `null` when it does not have them all. A phase that it left out took nothing. */
function sumOf(
  remaining: readonly PastPhase[],
  run: readonly PastPhase[],
  amountOf: (past: PastPhase, present: PastPhase) => number | null,
): number | null {
  let sum = 0;
  for (const present of remaining) {
    const past = run.find(({ phase }) => phase === present.phase);
    const amount = past === undefined ? null : past.status === 'skipped' ? 0 : amountOf(past, present);
    if (amount === null) return null;
    sum += amount;
  }
  return sum;
}

function projectionOf(
  amounts: readonly number[],
  { remaining, past, nothing }: { remaining: readonly PastPhase[]; past: PastRuns; nothing: string },
): Projection {
  const { from } = past;
  const none = { median: null, low: null, high: null, runs: amounts.length, from };
  if (remaining.length === 0) return { ...none, runs: past.runs.length, reason: 'no phase is still to come' };
  if (past.runs.length === 0) return { ...none, reason: 'no run of the profile has been completed that you may see' };
  if (amounts.length === 0) return { ...none, reason: nothing };
  const sorted = amounts.toSorted((one, other) => one - other);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.05),
    high: quantile(sorted, 0.95),
    runs: sorted.length,
    from,
    reason: null,
  };
}

/** A quantile of sorted numbers, between two of them by weight. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const [below = 0, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return Math.round((below + (above - below) * (place - Math.floor(place))) * 1e6) / 1e6;
}
