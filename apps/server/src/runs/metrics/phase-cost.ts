import type { CostComparison } from '@loopwright/protocol';
import type { RunTable } from '../run-tables.ts';
import { usageIn } from '../phase-figures.ts';
import { compareCosts, expectedCosts } from './compare-costs.ts';
import type { PastPhase, PastRuns } from './past-runs.ts';
import { projectCost } from './projections.ts';

/** What a phase was expected to cost and what it did; for one that is still to come, what it cost in past runs. */
export function phaseCost(phase: PastPhase, plan: { isOver: boolean; past: PastRuns }): CostComparison {
  if (phase.status !== 'pending') return compareCosts(usageIn(phase));
  return expectedCosts(projectCost(plan.isOver ? [] : [phase], plan.past));
}

/** Whether nothing is to come of a run: one that has failed may be tried again. */
export function isOver({ status }: Pick<RunTable, 'status'>): boolean {
  return status === 'cancelled' || status === 'completed';
}
