import type { ArmFigures, CompareProgramsRequest, CompareProgramsResponse, RolloutMetric } from '@loopwright/protocol';
import { performanceDelta, testsOf } from '../rollouts/judge-rollout.ts';
import type { RolloutEvidence } from '../rollouts/rollout-state.ts';
import { eValue } from '../rollouts/sequential-test.ts';

type Configuration = CompareProgramsRequest['configuration'];
type Verdict = Pick<
  CompareProgramsResponse,
  'performance_delta' | 'p_value' | 'is_significant' | 'tests' | 'recommendation' | 'confidence' | 'reason'
>;

const HOUR_MS = 3_600_000;

/** What is known of both versions: in a rollout the treatment is the candidate. */
export interface ComparedEvidence {
  readonly evidence: Pick<RolloutEvidence, 'totals' | 'tests' | 'better'>;
  /** Milliseconds for which both were compared; `null`: not side by side. */
  readonly forMs: number | null;
}

/**
 * What evidence says of two versions. The mean of e-values is one, under the assumption that the versions are alike in everything; the p-value is its
 * inverse, which holds at whatever time somebody looks (Vovk, Wang, "E-values: calibration, combination and applications", 2021).
 */
export function comparePrograms({ evidence, forMs }: ComparedEvidence, configuration: Configuration): Verdict {
  const { totals, tests, better } = evidence;
  const metrics = Object.keys(tests) as RolloutMetric[];
  const values = metrics.flatMap((metric) => [eValue(tests[metric]), eValue(better[metric])]);
  const delta = performanceDelta(totals);
  const p = delta === null ? null : Math.min(1, values.length / values.reduce((sum, value) => sum + value, 0));
  const isSignificant = p !== null && p <= 1 - configuration.required_confidence;
  const seen = Math.min(totals.candidate.requests, totals.incumbent.requests);
  return {
    performance_delta: delta,
    p_value: p,
    is_significant: isSignificant,
    tests: testsOf(evidence).map((test) => Object.assign(test, { e_value_better: eValue(better[test.metric]) })),
    confidence: confidenceOf(p, configuration),
    ...recommend({ delta, isSignificant, seen, forMs }, configuration),
  };
}

function recommend(
  { delta, isSignificant, seen, forMs }: { delta: number | null; isSignificant: boolean; seen: number; forMs: number | null },
  { minimum_sample_size: fewest, max_degradation_threshold: harm, min_improvement_threshold: gain, ...rest }: Configuration,
): Pick<CompareProgramsResponse, 'recommendation' | 'reason'> {
  if (delta === null) return { recommendation: 'continue', reason: 'Nothing of the two versions can be compared yet' };
  const change = `the weighted change is ${(delta * 100).toFixed(1)} %`;
  // Harm that is beyond chance needs no more requests to be believed.
  if (isSignificant && delta < -harm) return { recommendation: 'rollback', reason: `It is worse beyond chance: ${change}` };
  if (seen < fewest) return { recommendation: 'continue', reason: `${seen} of ${fewest} requests were answered by each` };
  if (isSignificant && delta >= gain) return { recommendation: 'promote', reason: `It is better beyond chance: ${change}` };
  if (isSignificant) return { recommendation: 'manual_review', reason: `They differ beyond chance, and by little: ${change}` };
  const left = forMs === null ? 0 : rest.test_duration_hours * HOUR_MS - forMs;
  if (left > 0)
    return {
      recommendation: 'continue',
      reason: `Nothing is beyond chance yet, and ${(left / HOUR_MS).toFixed(1)} hours are left`,
    };
  return { recommendation: 'manual_review', reason: `Nothing is beyond chance after all the time there is: ${change}` };
}

/** `high`: five times as sure as it has to be; `medium`: as sure as that. */
function confidenceOf(p: number | null, { required_confidence: required }: Configuration): 'high' | 'medium' | 'low' {
  const alpha = 1 - required;
  if (p === null || p > alpha) return 'low';
  return p <= alpha / 5 ? 'high' : 'medium';
}

/** What one version did, as the answer shows it. */
export function metricsOf(
  { requests, failures, answered, latency_sum_ms, validated, mismatched }: ArmFigures,
  { id, version }: { readonly id: string; readonly version: number },
): CompareProgramsResponse['control_metrics'] {
  return {
    program_id: id,
    version,
    sample_size: requests,
    error_rate: requests === 0 ? null : failures / requests,
    average_latency_ms: answered === 0 ? null : latency_sum_ms / answered,
    total_validations: validated,
    validation_rate: validated === 0 ? null : (validated - mismatched) / validated,
  };
}
