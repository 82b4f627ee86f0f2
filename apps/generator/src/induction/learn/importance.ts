import type { DenseModel } from './sparse-rows.ts';

/** How much a weight matters: its size and how often its feature occurs. */
export function importance(model: DenseModel, label: number, id: number): number {
  return Math.abs(model.weights[label]?.[id] ?? 0) * Math.sqrt(model.documents[id] ?? 0);
}

/** The importance above which about `most` weights lie; 0 when all of them may stay. */
export function thresholdOf(model: DenseModel, most: number): number {
  let count = 0;
  for (const vector of model.weights) for (const weight of vector) if (weight !== 0) count += 1;
  if (count <= most) return 0;
  const all = new Float64Array(count);
  let at = 0;
  for (const [label, vector] of model.weights.entries()) {
    for (let id = 0; id < vector.length; id += 1) {
      if (vector[id] === 0) continue;
      all[at] = importance(model, label, id);
      at += 1;
    }
  }
  return all.sort()[count - Math.max(1, most)] ?? 0;
}
