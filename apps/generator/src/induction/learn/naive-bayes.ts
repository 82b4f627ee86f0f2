import type { TrainingTask } from './linear-svm.ts';
import { type DenseModel, documentCounts } from './sparse-rows.ts';

/**
 * Learns multinomial naive Bayes with additive smoothing `alpha`. The weight of a feature is the logarithm of its
 * probability in a class minus the mean over the classes, so that features which say nothing have weight 0.
 */
export function trainNaiveBayes({ rows, members, truth, classes }: TrainingTask, alpha: number): DenseModel {
  const documents = documentCounts(rows, members);
  const fewest = members.length >= 100 ? 2 : 1;
  const sums = Array.from({ length: classes }, () => new Float64Array(rows.names.length));
  const totals = new Float64Array(classes);
  const priors = new Float64Array(classes);
  for (const member of members) {
    const label = truth[member] ?? 0;
    const sum = sums[label] as Float64Array;
    priors[label] = (priors[label] ?? 0) + 1;
    const values = rows.values[member] as Float64Array;
    for (const [at, id] of (rows.ids[member] as Int32Array).entries()) {
      if ((documents[id] as number) < fewest) continue;
      sum[id] = (sum[id] as number) + (values[at] as number);
      totals[label] = (totals[label] as number) + (values[at] as number);
    }
  }
  const known = documents.reduce((count, documentCount) => count + (documentCount >= fewest ? 1 : 0), 0);
  for (let id = 0; id < rows.names.length; id += 1) {
    const isKnown = (documents[id] as number) >= fewest;
    let mean = 0;
    for (let label = 0; label < classes; label += 1) {
      const sum = sums[label] as Float64Array;
      sum[id] = isKnown ? Math.log(((sum[id] as number) + alpha) / ((totals[label] as number) + alpha * known)) : 0;
      mean += (sum[id] as number) / classes;
    }
    for (const sum of sums) sum[id] = (sum[id] as number) - mean;
  }
  const bias = Array.from(priors, (count) => Math.log((count + 1) / (members.length + classes)));
  return { weights: sums, bias, documents };
}
