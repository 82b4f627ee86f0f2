import type { Json } from '@loopwright/protocol';

const NAMES = ['confidence', 'probability', 'score'] as const;
const BY_LABEL = ['probabilities', 'scores'] as const;

/**
 * How sure a program was of its output, 0 to 1, when it says so: a number `confidence`, `probability` or `score`, or the lead of the best label
 * over the second best in `probabilities` or `scores`. `undefined` when it does not say.
 */
export function confidenceOf(output: Json): number | undefined {
  if (output === null || typeof output !== 'object' || Array.isArray(output)) return undefined;
  for (const name of NAMES) {
    const value = output[name];
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  }
  for (const name of BY_LABEL) {
    const values = output[name];
    if (values === null || typeof values !== 'object') continue;
    const lead = leadOf(Object.values(values));
    if (lead !== undefined) return lead;
  }
  return undefined;
}

function leadOf(values: readonly Json[]): number | undefined {
  let best = -1;
  let second = -1;
  for (const value of values) {
    if (typeof value !== 'number' || value < 0 || value > 1) return undefined;
    if (value > best) [second, best] = [best, value];
    else if (value > second) second = value;
  }
  return best < 0 || second < 0 ? undefined : best - second;
}
