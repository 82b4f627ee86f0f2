import type { Json } from '@loopwright/protocol';
import {
  type ClassEvidence,
  type ScoreSettings,
  type Weights,
  confidenceOf,
  highest,
  linearScores,
  readWeights,
} from '../program/linear-model.ts';
import { readPackedWeights } from '../program/packed-weights.ts';
import { type Column, knowsCells, readCells } from '../program/table-cells.ts';
import { tableFeatures } from '../program/table-features.ts';
import { textOf } from '../read/input-kind.ts';
import { type TextSettings, knowsText, textFeatures } from '../program/text-features.ts';
import { type Tree, decide } from './decision-tree.ts';

/** Weights as the program carries them: readable, or packed where there are many labels. */
export type WeightTables =
  | { readonly kind: 'readable'; readonly evidence: readonly ClassEvidence[] }
  | { readonly kind: 'packed'; readonly lines: readonly string[]; readonly largest: number };

/** Weights and how they are added up. */
export interface LinearPart {
  readonly score: ScoreSettings;
  readonly tables: WeightTables;
  /** Distinct features in the tables. */
  readonly features: number;
  /** What the weights were multiplied by to become those of the tables. */
  readonly scale: number;
}

/** A trained model in the form in which the program carries it: what is scored is what is emitted. */
export type Model =
  | { readonly kind: 'text'; readonly field: string | null; readonly settings: TextSettings; readonly linear: LinearPart }
  | { readonly kind: 'table'; readonly columns: readonly Column[]; readonly bins: boolean; readonly linear: LinearPart }
  | { readonly kind: 'tree'; readonly columns: readonly Column[]; readonly tree: Tree };

/** An answer of a model. */
export interface Judged {
  /** Place of the label. */
  readonly place: number;
  /** From 0 to 1, at the given temperature. */
  readonly confidence: number;
  /** Scores of all labels in units of the weights as they were learned; `null` for a tree. */
  readonly scores: readonly number[] | null;
}

/** Answers an input; `undefined` when it has nothing the model knows. */
export type OpenModel = (input: Json) => Judged | undefined;

/** Opens a model for answers. `temperature` is in units of the learned weights, see {@link confidenceOf}. */
export function openModel(model: Model, temperature: number): OpenModel {
  if (model.kind === 'tree') {
    const { columns, tree } = model;
    return (input) => {
      const cells = readCells(input, columns);
      if (!knowsCells(cells, columns)) return undefined;
      const { label, share } = decide(tree, cells);
      return { place: label, confidence: share, scores: null };
    };
  }
  const { score, scale } = model.linear;
  const weights = weightsOf(model.linear.tables);
  const judge = (features: Map<string, number>): Judged => {
    const scores = linearScores(features, weights, score);
    const place = highest(scores);
    const confidence = confidenceOf(scores, place, temperature * scale);
    return { place, confidence, scores: scores.map((value) => value / scale) };
  };
  if (model.kind === 'table') {
    const { columns, bins } = model;
    return (input) => {
      const cells = readCells(input, columns);
      return knowsCells(cells, columns) ? judge(tableFeatures(cells, columns, bins)) : undefined;
    };
  }
  const { field, settings } = model;
  return (input) => {
    const features = textFeatures(textOf(input, field), settings);
    return knowsText(features, weights) ? judge(features) : undefined;
  };
}

function weightsOf(tables: WeightTables): Weights {
  return tables.kind === 'readable' ? readWeights(tables.evidence) : readPackedWeights(tables.lines, tables.largest);
}
