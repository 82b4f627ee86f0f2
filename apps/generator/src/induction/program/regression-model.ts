import type { Cell } from './table-cells.ts';

/** A tree of questions as nested lists: an estimate, or column, kind of question, value, the tree for yes and the one for no. */
export type EstimateTree =
  | number
  | readonly [
      column: number,
      kind: 'at_most' | 'is' | 'empty',
      value: number | string | boolean | null,
      yes: EstimateTree,
      no: EstimateTree,
    ];

/** The estimate of one tree. A cell that is empty answers every question but `empty` with no. */
export function treeEstimate(tree: EstimateTree, cells: readonly Cell[]): number {
  let node = tree;
  while (typeof node !== 'number') {
    const [column, kind, value, yes, no] = node;
    const cell = cells[column] ?? null;
    const isYes =
      kind === 'empty' ? cell === null : kind === 'is' ? cell === value : typeof cell === 'number' && cell <= Number(value);
    node = isYes ? yes : no;
  }
  return node;
}

/** The sum of the features' weights. */
export function weightedSum(features: ReadonlyMap<string, number>, weights: ReadonlyMap<string, number>, bias: number): number {
  let sum = bias;
  for (const [feature, value] of features) sum += value * (weights.get(feature) ?? 0);
  return sum;
}

/** An estimate with so many decimals, and within what the examples had, a tenth of their range more on each side. */
export function finishEstimate(estimate: number, lowest: number, highest: number, decimals: number): number {
  const margin = (highest - lowest) / 10;
  const within = Math.min(highest + margin, Math.max(lowest - margin, estimate));
  return Number(within.toFixed(decimals));
}
