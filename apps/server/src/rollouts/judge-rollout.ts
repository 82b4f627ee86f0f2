import type { ArmFigures, Rollout, RolloutMetric } from '@loopwright/protocol';
import { type Arms, type RolloutEvidence, type RolloutRow, percentageOf, stageSamples } from './rollout-state.ts';
import { eValue } from './sequential-test.ts';

/** Probability with which a candidate that is not worse is ever rolled back, all metrics together. */
const ALPHA = 0.05;
const METRICS: readonly RolloutMetric[] = ['errors', 'latency', 'validation'];
/** Evidence at which one metric counts as worse: α is shared among the metrics. */
export const THRESHOLD = METRICS.length / ALPHA;
/** A share of bad requests above this multiple of the incumbent's is harm (`reference/domain.md` §3.5). */
const HARMFUL_RATIO = 1.5;
/** A weighted change below this is harm (§3.5). */
const HARMFUL_DELTA = -0.1;
const WEIGHTS = { latency: 0.3, validation: 0.5, errors: 0.2 } as const;
/** With fewer requests in a stage nothing can be said, and somebody should look (§3.5). */
const SAMPLES_FLOOR = 50;

/** What is to be done with a rollout, and why. */
export type Verdict =
  | { readonly action: 'wait'; readonly reason: string }
  | { readonly action: 'rollback' | 'pause' | 'resume' | 'advance' | 'promote'; readonly reason: string };

/** The share of bad requests of each version; `null`: nothing was counted. */
function sharesOf(metric: RolloutMetric, { candidate, incumbent }: Arms): { candidate: number | null; incumbent: number | null } {
  return { candidate: shareOf(metric, candidate), incumbent: shareOf(metric, incumbent) };
}

/** What the tests say so far. */
export function testsOf({ tests, totals }: Pick<RolloutEvidence, 'tests' | 'totals'>): Rollout['tests'] {
  return METRICS.map((metric) => {
    const { candidate, incumbent } = sharesOf(metric, totals);
    return {
      metric,
      candidate_share: candidate,
      incumbent_share: incumbent,
      e_value: eValue(tests[metric]),
      threshold: THRESHOLD,
    };
  });
}

/** The weighted change for the better, from −1 to 1; what cannot be compared counts 0, and `null` says that nothing can. */
export function performanceDelta({ candidate, incumbent }: Arms): number | null {
  const latency =
    candidate.answered === 0 || incumbent.answered === 0
      ? null
      : relative(incumbent.latency_sum_ms / incumbent.answered, candidate.latency_sum_ms / candidate.answered);
  const change = (metric: 'errors' | 'validation'): number | null => {
    const [one, other] = [shareOf(metric, incumbent), shareOf(metric, candidate)];
    return one === null || other === null ? null : one - other;
  };
  const parts = { latency, validation: change('validation'), errors: change('errors') };
  if (Object.values(parts).every((part) => part === null)) return null;
  return METRICS.reduce((sum, metric) => sum + WEIGHTS[metric] * (parts[metric] ?? 0), 0);
}

/**
 * What is to be done with a canary that has a share of the requests. It is rolled back when a metric is worse beyond chance, and the harm is one that
 * counts: 1.5 times the incumbent's share, or a weighted change below −10 %. `now` in milliseconds since 1970 UTC.
 */
export function judgeRollout(row: RolloutRow, now: number): Verdict {
  const harm = harmOf(row.evidence);
  if (harm !== null) return { action: 'rollback', reason: harm };
  const samples = stageSamples(row);
  const { stages, stage_seconds: seconds, minimum_samples: minimum } = row.settings;
  const floor = Math.min(SAMPLES_FLOOR, minimum);
  if (row.status === 'paused') {
    if (row.paused_by !== 'rules' || samples < floor)
      return { action: 'wait', reason: row.status_reason ?? 'somebody to resume it' };
    return { action: 'resume', reason: `The candidate got ${samples} requests` };
  }
  const left = row.stage_started_at + seconds * 1000 - now;
  if (left > 0) return { action: 'wait', reason: `${Math.ceil(left / 1000)} s of this stage` };
  if (samples < floor)
    return { action: 'pause', reason: `Too few requests to judge by: ${samples} in this stage, ${floor} are the least` };
  if (samples < minimum) return { action: 'wait', reason: `${minimum - samples} more requests to the candidate` };
  const isLast = row.stage >= stages.length - 1;
  const reason = `${samples} requests at ${percentageOf(row)} % without harm`;
  return { action: isLast ? 'promote' : 'advance', reason };
}

function harmOf({ tests, totals }: RolloutEvidence): string | null {
  const delta = performanceDelta(totals);
  for (const metric of METRICS) {
    if (eValue(tests[metric]) < THRESHOLD) continue;
    const { candidate, incumbent } = sharesOf(metric, totals);
    const isLarge = (candidate ?? 0) > HARMFUL_RATIO * (incumbent ?? 0);
    if (isLarge || (delta !== null && delta < HARMFUL_DELTA))
      return `${NAMES[metric]}: ${percent(candidate)} of the candidate's requests, ${percent(incumbent)} of the incumbent's (e-value ${eValue(tests[metric]).toPrecision(3)} ≥ ${THRESHOLD})`;
  }
  return null;
}

const NAMES: Readonly<Record<RolloutMetric, string>> = {
  errors: 'Failures',
  latency: 'Slow answers',
  validation: 'Wrong answers',
};

function shareOf(metric: RolloutMetric, arm: ArmFigures): number | null {
  const [bad, total] = {
    errors: [arm.failures, arm.requests],
    latency: [arm.slow, arm.timed],
    validation: [arm.mismatched, arm.validated],
  }[metric] as [number, number];
  return total === 0 ? null : bad / total;
}

/** By which share something got smaller, −1 at the least. */
function relative(before: number, after: number): number {
  return before === 0 ? 0 : Math.max(-1, (before - after) / before);
}

function percent(share: number | null): string {
  return share === null ? 'none' : `${(share * 100).toFixed(1)} %`;
}
