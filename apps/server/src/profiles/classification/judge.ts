import { wilsonInterval } from '@loopwright/protocol';
import type { ClassScore, Criterion, EvaluationFacts, Verdict } from './facts.ts';

/** Precision, recall and F1 of each label that was expected, from the confusion table; labels in the order of their frequency. */
export function classScores({ confusion }: Pick<EvaluationFacts, 'confusion'>): ClassScore[] {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return Object.entries(confusion)
    .map(([label, row]): ClassScore => {
      const right = row[label] ?? 0;
      const n = sum(Object.values(row));
      const answered = sum(Object.values(confusion).map((other) => other[label] ?? 0));
      const precision = answered === 0 ? null : right / answered;
      const recall = n === 0 ? null : right / n;
      const f1 = n + answered === 0 ? null : (2 * right) / (n + answered);
      return { label, n, precision, recall, f1 };
    })
    .sort((a, b) => b.n - a.n || (a.label < b.label ? -1 : 1));
}

/** What became of each criterion. */
export function verdictsOf(
  criteria: readonly Criterion[],
  { evaluation, sizeBytes }: { evaluation: EvaluationFacts; sizeBytes: number | null },
): Verdict[] {
  return criteria.map((criterion) => {
    const { metric, label, at_least, is_strict, at_most } = criterion;
    if (metric === 'latency_ms') return bounded(criterion, evaluation.latency_ms.p99, at_most);
    if (metric === 'size_bytes') return bounded(criterion, sizeBytes, at_most);
    const [right, n] =
      metric === 'accuracy' ? [evaluation.correct, evaluation.examples] : countsOf(evaluation, metric, label ?? '');
    if (n === 0)
      return {
        criterion,
        measured: null,
        interval: null,
        verdict: 'not_measured',
        certain: null,
        reason: 'the hold-out has nothing to divide by',
      };
    const { share, low, high } = wilsonInterval(right, n);
    const least = at_least ?? 0;
    const isMet = is_strict ? share > least : share >= least;
    return {
      criterion,
      measured: share,
      interval: { low, high },
      verdict: isMet ? 'met' : 'missed',
      certain: isMet ? (is_strict ? low > least : low >= least) : high < least,
      reason: null,
    };
  });
}

function bounded(criterion: Criterion, measured: number | null, most: number | null): Verdict {
  if (measured === null || most === null)
    return { criterion, measured, interval: null, verdict: 'not_measured', certain: null, reason: 'there is no figure' };
  return {
    criterion,
    measured,
    interval: null,
    verdict: measured <= most ? 'met' : 'missed',
    certain: null,
    reason: 'one measurement on this machine',
  };
}

function countsOf({ confusion }: EvaluationFacts, metric: 'recall' | 'precision', label: string): [number, number] {
  const right = confusion[label]?.[label] ?? 0;
  const cells =
    metric === 'recall' ? Object.values(confusion[label] ?? {}) : Object.values(confusion).map((row) => row[label] ?? 0);
  return [right, cells.reduce((sum, count) => sum + count, 0)];
}
