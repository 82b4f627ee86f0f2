import type { Json } from '@loopwright/protocol';
import { type ClassEvidence, type ScoreSettings, highest, linearScores, readWeights } from '../program/linear-model.ts';
import { type Column, knowsCells, readCells } from '../program/table-cells.ts';
import { tableFeatures } from '../program/table-features.ts';
import { textOf } from '../read/input-kind.ts';
import { type TextSettings, knowsText, textFeatures } from '../program/text-features.ts';
import { type Tree, decide } from './decision-tree.ts';

/** Weights and how they are added up. */
export interface LinearPart {
  readonly score: ScoreSettings;
  readonly evidence: readonly ClassEvidence[];
  /** Distinct features in the tables. */
  readonly features: number;
}

/** A trained model in the form in which the program carries it: what is scored is what is emitted. */
export type Model =
  | { readonly kind: 'text'; readonly field: string | null; readonly settings: TextSettings; readonly linear: LinearPart }
  | { readonly kind: 'table'; readonly columns: readonly Column[]; readonly bins: boolean; readonly linear: LinearPart }
  | { readonly kind: 'tree'; readonly columns: readonly Column[]; readonly tree: Tree };

/** Opens a model for answers: the place of the label, or -1 for an input that has nothing the model knows. */
export function openModel(model: Model): (input: Json) => number {
  if (model.kind === 'tree') {
    const { columns, tree } = model;
    return (input) => {
      const cells = readCells(input, columns);
      return knowsCells(cells, columns) ? decide(tree, cells) : -1;
    };
  }
  const { score, evidence } = model.linear;
  const weights = readWeights(evidence);
  if (model.kind === 'table') {
    const { columns, bins } = model;
    return (input) => {
      const cells = readCells(input, columns);
      return knowsCells(cells, columns) ? highest(linearScores(tableFeatures(cells, columns, bins), weights, score)) : -1;
    };
  }
  const { field, settings } = model;
  return (input) => {
    const features = textFeatures(textOf(input, field), settings);
    return knowsText(features, weights) ? highest(linearScores(features, weights, score)) : -1;
  };
}
