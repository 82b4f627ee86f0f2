import type { ArmFigures, EdgeRolloutFigures, RolloutMetric } from '@loopwright/protocol';
import type { Arms, RolloutEvidence } from './rollout-state.ts';
import { type Counted, addBatch } from './sequential-test.ts';

/** Adds what the edge has counted since it was asked last. A new epoch counts from zero again. */
export function addFigures(evidence: RolloutEvidence, figures: EdgeRolloutFigures): RolloutEvidence {
  const { seen, totals } = evidence;
  const isSameEpoch = seen?.epoch === figures.epoch;
  const came = (arm: keyof Arms): ArmFigures => (isSameEpoch ? difference(figures[arm], seen[arm]) : figures[arm]);
  const batch: Arms = { candidate: came('candidate'), incumbent: came('incumbent') };
  const { candidate, incumbent } = batch;
  return {
    totals: { candidate: sum(totals.candidate, batch.candidate), incumbent: sum(totals.incumbent, batch.incumbent) },
    seen: { epoch: figures.epoch, candidate: figures.candidate, incumbent: figures.incumbent },
    tests: addCounts(evidence.tests, candidate, incumbent),
    better: addCounts(evidence.better, incumbent, candidate),
    shadow: figures.shadow,
  };
}

const COUNTED: Readonly<Record<RolloutMetric, (arm: ArmFigures) => Counted>> = {
  errors: ({ requests, failures }) => ({ total: requests, bad: failures }),
  latency: ({ timed, slow }) => ({ total: timed, bad: slow }),
  validation: ({ validated, mismatched }) => ({ total: validated, bad: mismatched }),
};

/** Adds a batch to the evidence that `suspect` is worse than `other`. */
export function addCounts(tests: RolloutEvidence['tests'], suspect: ArmFigures, other: ArmFigures): RolloutEvidence['tests'] {
  const add = (metric: RolloutMetric): number[] => [...addBatch(tests[metric], COUNTED[metric](suspect), COUNTED[metric](other))];
  return { errors: add('errors'), latency: add('latency'), validation: add('validation') };
}

function sum(one: ArmFigures, other: ArmFigures): ArmFigures {
  return combine(one, other, (a, b) => a + b);
}

/** Counts only grow, save those of validations whose days were deleted. */
function difference(one: ArmFigures, other: ArmFigures): ArmFigures {
  return combine(one, other, (a, b) => Math.max(0, a - b));
}

function combine(one: ArmFigures, other: ArmFigures, with_: (a: number, b: number) => number): ArmFigures {
  return {
    requests: with_(one.requests, other.requests),
    failures: with_(one.failures, other.failures),
    answered: with_(one.answered, other.answered),
    latency_sum_ms: with_(one.latency_sum_ms, other.latency_sum_ms),
    timed: with_(one.timed, other.timed),
    slow: with_(one.slow, other.slow),
    validated: with_(one.validated, other.validated),
    mismatched: with_(one.mismatched, other.mismatched),
  };
}
