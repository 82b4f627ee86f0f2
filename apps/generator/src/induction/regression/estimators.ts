import type { Json } from '@loopwright/protocol';
import { sparseRows } from '../learn/sparse-rows.ts';
import { type EstimateTree, treeEstimate, weightedSum } from '../program/regression-model.ts';
import { type Cell, type Column, readCells } from '../program/table-cells.ts';
import { tableFeatures } from '../program/table-features.ts';
import { measureColumns } from '../read/columns.ts';
import type { Field } from '../read/input-kind.ts';
import { boostTrees, growEstimateTree } from './estimate-trees.ts';
import { type RidgeModel, trainRidge } from './ridge.ts';

/** A trained estimator in the form in which the program carries it. */
export type Estimator =
  | { readonly kind: 'sum'; readonly columns: readonly Column[]; readonly ridge: RidgeModel }
  | { readonly kind: 'trees'; readonly columns: readonly Column[]; readonly trees: readonly EstimateTree[] };

/** One estimator that is tried. */
export type EstimatorCandidate =
  | { readonly name: string; readonly kind: 'sum'; readonly hasCuts: boolean; readonly penalty: number }
  | { readonly name: string; readonly kind: 'tree'; readonly depth: number }
  | { readonly name: string; readonly kind: 'boosted'; readonly depth: number };

/** The candidates, the simplest first. */
export const ESTIMATORS: readonly EstimatorCandidate[] = [
  { name: 'linear sum', kind: 'sum', hasCuts: false, penalty: 1 },
  { name: 'regression tree of depth 4', kind: 'tree', depth: 4 },
  { name: 'linear sum with steps', kind: 'sum', hasCuts: true, penalty: 1 },
  { name: 'regression tree of depth 8', kind: 'tree', depth: 8 },
  { name: 'boosted trees of depth 2', kind: 'boosted', depth: 2 },
  { name: 'boosted trees of depth 4', kind: 'boosted', depth: 4 },
];

/** What an estimator is trained with. */
export interface EstimatorTask {
  readonly fields: readonly Field[];
  readonly inputs: readonly Json[];
  readonly targets: readonly number[];
  readonly members: readonly number[];
  /** Called again and again; may throw to end the work. */
  readonly onRound: () => void;
}

/** Trains a candidate on some of the inputs. */
export function trainEstimator(
  candidate: EstimatorCandidate,
  { fields, inputs, targets, members, onRound }: EstimatorTask,
): Estimator {
  onRound();
  const measured = measureColumns(
    fields,
    members.map((member) => inputs[member] ?? null),
  );
  const columns =
    candidate.kind === 'sum' && !candidate.hasCuts
      ? measured.map((column) => (column.kind === 'number' ? { ...column, cuts: [] } : column))
      : measured;
  const rows: (readonly Cell[])[] = [];
  for (const member of members) rows[member] = readCells(inputs[member], columns);
  if (candidate.kind === 'sum') {
    const cells = members.map((member) => tableFeatures(rows[member] ?? [], columns, false));
    const sparse = sparseRows(cells, { dampen: false, normalise: false });
    const own = members.map((member) => targets[member] ?? 0);
    const ridge = trainRidge(sparse, { members: [...members.keys()], targets: own, penalty: candidate.penalty });
    return { kind: 'sum', columns, ridge };
  }
  const task = { columns, rows, targets, members };
  const trees =
    candidate.kind === 'tree' ? [growEstimateTree(task, candidate.depth, 5)] : boostTrees(task, candidate.depth, onRound);
  return { kind: 'trees', columns, trees };
}

/** The bare estimate for an input. */
export function estimate(estimator: Estimator, input: Json): number {
  const cells = readCells(input, estimator.columns);
  if (estimator.kind === 'sum') {
    return weightedSum(tableFeatures(cells, estimator.columns, false), estimator.ridge.weights, estimator.ridge.bias);
  }
  return estimator.trees.reduce<number>((sum, tree) => sum + treeEstimate(tree, cells), 0);
}
