import type { ClassEvidence } from '../program/linear-model.ts';
import { importance, thresholdOf } from './importance.ts';
import type { DenseModel } from './sparse-rows.ts';

/** A linear model as the program carries it. */
export interface CompactModel {
  readonly bias: readonly number[];
  readonly evidence: readonly ClassEvidence[];
  /** Features that are in the tables, and bytes that they take. */
  readonly features: number;
  readonly bytes: number;
  /** What the weights of the model were multiplied by. */
  readonly scale: number;
}

/** The largest weight becomes this; all others are rounded to whole numbers in proportion. */
const LARGEST_WEIGHT = 500;

/**
 * Turns weights into small whole numbers and keeps as many as fit into `limitBytes`, those that matter most first: by
 * size of the weight and how often its feature occurs. Features of equal weight share one entry.
 */
export function compactModel(model: DenseModel, names: readonly string[], limitBytes: number): CompactModel {
  let largest = 0;
  for (const vector of model.weights) for (const weight of vector) largest = Math.max(largest, Math.abs(weight));
  const scale = largest === 0 ? 1 : LARGEST_WEIGHT / largest;
  const entries = importantEntries(model, scale, Math.ceil(limitBytes / 3));
  const groups = model.weights.map(() => new Map<number, string[]>());
  const kept = new Set<number>();
  let bytes = 0;
  for (const { label, id, weight } of entries) {
    const name = names[id] ?? '';
    const group = groups[label]?.get(weight);
    bytes += Buffer.byteLength(name) + 1 + (group === undefined ? 14 : 0);
    if (bytes > limitBytes) break;
    if (group === undefined) groups[label]?.set(weight, [name]);
    else group.push(name);
    kept.add(id);
  }
  const evidence = groups.map((group) =>
    [...group].sort(([a], [b]) => b - a).map(([weight, features]) => [weight, features.sort().join(' ')] as const),
  );
  return { bias: model.bias.map((bias) => Number((bias * scale).toPrecision(8))), evidence, features: kept.size, bytes, scale };
}

/** Weights that are not rounded to 0, the most important first; no more than could ever fit. */
function importantEntries(model: DenseModel, scale: number, most: number): Entry[] {
  const threshold = thresholdOf(model, most);
  const entries: (Entry & { importance: number })[] = [];
  for (const [label, vector] of model.weights.entries()) {
    for (let id = 0; id < vector.length; id += 1) {
      const weight = Math.round((vector[id] ?? 0) * scale);
      if (weight === 0) continue;
      const value = importance(model, label, id);
      if (value >= threshold) entries.push({ label, id, weight, importance: value });
    }
  }
  return entries.sort((a, b) => b.importance - a.importance || a.id - b.id || a.label - b.label);
}

interface Entry {
  readonly label: number;
  readonly id: number;
  readonly weight: number;
}
