import type { BudgetAddition, BudgetKind as WireKind, BudgetLimits, BudgetState } from '@loopwright/protocol';
import { BUDGET_KINDS, type Budget, type BudgetKind } from '../store/limits-store.ts';
import { nanosOf, usdText } from './spending.ts';

const NOTHING_USED: Budget['used'] = { cost: 0, tokens: 0, attempts: 0, wall: 0 };
/** The names of the kinds on the wire. */
const WIRE: Readonly<Record<BudgetKind, WireKind>> = {
  cost: 'cost_usd',
  tokens: 'tokens',
  attempts: 'attempts',
  wall: 'wall_seconds',
};

/** The budget of a new execution from what its request, its definition and the server say, the first that says something about a kind. */
export function newBudget(sources: readonly (BudgetLimits | undefined)[], wallSince: number | null): Budget | undefined {
  if (sources.every((source) => source === undefined)) return undefined;
  const limitOf = <Name extends WireKind>(name: Name): BudgetLimits[Name] =>
    sources.find((source) => source?.[name] !== undefined)?.[name];
  const cost = limitOf('cost_usd') ?? null;
  const seconds = limitOf('wall_seconds') ?? null;
  const limits: Budget['limits'] = {
    cost: cost === null ? null : nanosOf(cost),
    tokens: limitOf('tokens') ?? null,
    attempts: limitOf('attempts') ?? null,
    wall: seconds === null ? null : Math.round(seconds * 1000),
  };
  return hasLimit({ limits }) ? { limits, used: NOTHING_USED, wallSince, reached: null } : undefined;
}

/** The budget of an execution that has none and reports what it uses. */
export function unlimitedBudget(wallSince: number | null): Budget {
  return { limits: { cost: null, tokens: null, attempts: null, wall: null }, used: NOTHING_USED, wallSince, reached: null };
}

/** Whether anything is limited. */
export function hasLimit({ limits }: Pick<Budget, 'limits'>): boolean {
  return BUDGET_KINDS.some((kind) => limits[kind] !== null);
}

/** What was used until a time, the wall time that runs included. */
export function usedAt({ used, wallSince }: Budget, at: number): Budget['used'] {
  return wallSince === null ? used : { ...used, wall: used.wall + Math.max(0, at - wallSince) };
}

/** The first kind that is used up. */
export function reachedAt(budget: Budget, at: number): BudgetKind | null {
  const used = usedAt(budget, at);
  return BUDGET_KINDS.find((kind) => used[kind] >= (budget.limits[kind] ?? Infinity)) ?? null;
}

/** More of some kinds; a kind that has no limit keeps none. */
export function addedTo(budget: Budget, add: BudgetAddition): Budget {
  const more: Budget['used'] = {
    cost: nanosOf(add.cost_usd ?? '0'),
    tokens: add.tokens ?? 0,
    attempts: add.attempts ?? 0,
    wall: Math.round((add.wall_seconds ?? 0) * 1000),
  };
  const plus = (kind: BudgetKind): number | null => {
    const limit = budget.limits[kind];
    return limit === null ? null : Math.min(Number.MAX_SAFE_INTEGER, limit + more[kind]);
  };
  return { ...budget, limits: { cost: plus('cost'), tokens: plus('tokens'), attempts: plus('attempts'), wall: plus('wall') } };
}

/** The kinds that an addition names and that have no limit to add to. */
export function unlimitedKinds({ limits }: Budget, add: BudgetAddition): WireKind[] {
  return BUDGET_KINDS.filter((kind) => limits[kind] === null && add[WIRE[kind]] !== undefined).map((kind) => WIRE[kind]);
}

/** A budget as the wire has it, at a time. */
export function budgetState(budget: Budget, at: number): BudgetState {
  const { limits, reached } = budget;
  const used = usedAt(budget, at);
  return {
    limits: {
      cost_usd: limits.cost === null ? null : usdText(limits.cost),
      tokens: limits.tokens,
      attempts: limits.attempts,
      wall_seconds: limits.wall === null ? null : limits.wall / 1000,
    },
    used: { cost_usd: usdText(used.cost), tokens: used.tokens, attempts: used.attempts, wall_seconds: used.wall / 1000 },
    reached: reached === null ? null : WIRE[reached],
  };
}
