import type { GovernanceResults } from '@loopwright/protocol';

/**
 * The share of the gates that passed, a warned one counted half, over the results of several phases; `null` when no gate was evaluated. Gates whose
 * phase was skipped were not evaluated.
 */
export function governanceScore(results: readonly (GovernanceResults | null)[]): number | null {
  const gates = results.flatMap((result) => result?.quality_gates ?? []);
  if (gates.length === 0) return null;
  const worth = { passed: 1, warned: 0.5, blocked: 0 };
  const sum = gates.reduce((total, { status }) => total + worth[status], 0);
  return Math.round((sum / gates.length) * 10_000) / 10_000;
}
