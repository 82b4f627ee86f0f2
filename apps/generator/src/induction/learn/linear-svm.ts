import type { Random } from '@loopwright/protocol';
import { shuffle } from '../split/hold-out.ts';
import { type DenseModel, type SparseRows, documentCounts } from './sparse-rows.ts';

/** What a training run needs to know. */
export interface TrainingTask {
  readonly rows: SparseRows;
  /** The rows to learn from. */
  readonly members: readonly number[];
  /** Label of every row, by place. */
  readonly truth: readonly number[];
  readonly classes: number;
  readonly random: Random;
}

const MAX_PASSES = 25;
const TOLERANCE = 0.05;

interface Prepared {
  ids: Int32Array[];
  values: Float32Array[];
  squares: number[];
  scales: Float64Array;
  documents: Float64Array;
}

/**
 * Learns a linear support vector machine with squared hinge loss and L2 penalty, one class against the rest, by dual
 * coordinate descent with shrinking (Hsieh, Chang, Lin, Keerthi, Sundararajan: A Dual Coordinate Descent Method for
 * Large-scale Linear SVM, ICML 2008). With `idf`, rare features are scaled up by ln(n / documents) + 1. Features of a
 * single row are left out when there are 100 rows or more. Two classes take one vector.
 */
export function trainSvm(task: TrainingTask, cost: number, idf: boolean): DenseModel {
  const prepared = prepare(task, idf);
  const weights: Float64Array[] = [];
  const bias: number[] = [];
  for (let label = 0; label < task.classes; label += 1) {
    if (task.classes === 2 && label === 0) {
      weights.push(new Float64Array(task.rows.names.length));
      bias.push(0);
      continue;
    }
    const signs = Int8Array.from(task.members, (member) => (task.truth[member] === label ? 1 : -1));
    const vector = descend(prepared, signs, cost, task.random);
    bias.push(vector[task.rows.names.length] ?? 0);
    weights.push(Float64Array.from(prepared.scales, (scale, id) => scale * (vector[id] ?? 0)));
  }
  return { weights, bias, documents: prepared.documents };
}

/** Scales the features, and all rows by one number so that their mean squared length is 1 and `cost` means the same for every task. */
function prepare({ rows, members }: TrainingTask, idf: boolean): Prepared {
  const documents = documentCounts(rows, members);
  const fewest = members.length >= 100 ? 2 : 1;
  const scales = Float64Array.from(documents, (count) => {
    if (count < fewest) return 0;
    return idf ? Math.log(members.length / count) + 1 : 1;
  });
  const bareSquares = members.map((member) => squareOf(rows, member, scales));
  const mean = bareSquares.reduce((sum, square) => sum + square, 0) / Math.max(1, members.length);
  const whole = mean > 0 ? 1 / Math.sqrt(mean) : 1;
  for (let id = 0; id < scales.length; id += 1) scales[id] = (scales[id] ?? 0) * whole;
  const ids = members.map((member) => (rows.ids[member] ?? new Int32Array()).filter((id) => scales[id] !== 0));
  const values = members.map((member) => {
    const [rowIds, rowValues] = [rows.ids[member] ?? [], rows.values[member] ?? []];
    return Float32Array.from(rowIds, (id, at) => (rowValues[at] ?? 0) * (scales[id] ?? 0)).filter(
      (_, at) => scales[rowIds[at] ?? 0] !== 0,
    );
  });
  const squares = values.map((row) => row.reduce((sum, value) => sum + value * value, 1));
  return { ids, values, squares, scales, documents };
}

function squareOf(rows: SparseRows, member: number, scales: Float64Array): number {
  const values = rows.values[member] ?? [];
  let sum = 0;
  for (const [at, id] of (rows.ids[member] ?? []).entries()) sum += ((values[at] ?? 0) * (scales[id] ?? 0)) ** 2;
  return sum;
}

/** One problem of two classes. The last component of the result is the bias, the weight of a feature that is always 1. */
function descend({ ids, values, squares, scales }: Prepared, signs: Int8Array, cost: number, random: Random): Float64Array {
  const vector = new Float64Array(scales.length + 1);
  const biasPlace = scales.length;
  const diagonal = 1 / (2 * cost);
  const alphas = new Float64Array(ids.length);
  let active = Array.from(ids.keys());
  let bound = Infinity;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    let largest = 0;
    const kept: number[] = [];
    for (const row of shuffle(active, random)) {
      const rowIds = ids[row] as Int32Array;
      const rowValues = values[row] as Float32Array;
      const sign = signs[row] as number;
      const alpha = alphas[row] as number;
      let product = vector[biasPlace] as number;
      for (let at = 0; at < rowIds.length; at += 1)
        product += (vector[rowIds[at] as number] as number) * (rowValues[at] as number);
      const gradient = sign * product - 1 + diagonal * alpha;
      if (alpha === 0 && gradient > bound) continue;
      kept.push(row);
      const projected = alpha === 0 ? Math.min(gradient, 0) : gradient;
      largest = Math.max(largest, Math.abs(projected));
      if (Math.abs(projected) < 1e-9) continue;
      const next = Math.max(alpha - gradient / ((squares[row] as number) + diagonal), 0);
      const step = (next - alpha) * sign;
      alphas[row] = next;
      for (let at = 0; at < rowIds.length; at += 1) {
        const id = rowIds[at] as number;
        vector[id] = (vector[id] as number) + step * (rowValues[at] as number);
      }
      vector[biasPlace] = (vector[biasPlace] as number) + step;
    }
    if (largest <= TOLERANCE) {
      if (kept.length === ids.length) break;
      active = Array.from(ids.keys());
      bound = Infinity;
    } else {
      active = kept;
      bound = largest;
    }
  }
  return vector;
}
