import type { Finding } from '@loopwright/protocol';
import { type Gate, notMeasured } from './gate.ts';

/** The examples have few repetitions and contradictions, and more than one label, as the execution itself recorded it. */
export const dataQuality: Gate = ({ evidence: { examples }, policy }) => {
  const { max_duplicate_share: duplicates, max_conflict_share: conflicts } = policy.document.quality_gates ?? {};
  const threshold = `duplicates ≤ ${duplicates ?? 1}, conflicts ≤ ${conflicts ?? 1}`;
  const pointer = '/quality_gates/max_duplicate_share';
  if (examples === null) return notMeasured('The execution has recorded no look at examples', threshold, { pointer });
  const { count, classes } = examples;
  const shares = { duplicates: examples.duplicates / count, conflicts: examples.conflicts / count };
  const findings: Finding[] = [];
  const find = (message: string): void => void findings.push({ file: '(examples)', line: null, message });
  if (duplicates !== undefined && shares.duplicates > duplicates)
    find(`${examples.duplicates} of ${count} examples repeat another one`);
  if (conflicts !== undefined && shares.conflicts > conflicts) find(`${examples.conflicts} inputs stand with several outputs`);
  if (classes < 2) find('all examples have the same label');
  const actual = Math.round(Math.max(shares.duplicates, shares.conflicts) * 10_000) / 10_000;
  return {
    actual,
    threshold,
    verdict: findings.length === 0 ? 'passed' : 'failed',
    message: `${examples.duplicates} duplicates and ${examples.conflicts} conflicts in ${count} examples of ${classes} labels`,
    remediation: 'Correct the examples and upload them again',
    findings,
    pointer,
  };
};

/**
 * The lower bound of the interval of the accuracy is above what the policy asks for; without a figure there, above the share that always giving
 * the most frequent label would get.
 */
export const modelPerformance: Gate = ({ evidence: { evaluation }, policy }) => {
  const asked = policy.document.quality_gates?.min_model_accuracy;
  const pointer = '/quality_gates/min_model_accuracy';
  if (evaluation === null) return notMeasured('The execution has recorded no evaluation', asked ?? null, { pointer });
  const { share, low, high, examples, majority } = evaluation;
  const threshold = asked ?? majority;
  const isEnough = asked === undefined ? low > majority : low >= asked;
  const bound =
    asked === undefined ? `the most frequent label alone gets ${percent(majority)}` : `${percent(asked)} are asked for`;
  return {
    actual: low,
    threshold,
    verdict: isEnough ? 'passed' : 'failed',
    message: `${percent(share)} of ${examples} unseen examples are right (95 % interval ${percent(low)} to ${percent(high)}); ${bound}`,
    remediation: 'Give more or better examples, or evaluate on more of them: a wide interval has a low bound',
    pointer,
  };
};

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
