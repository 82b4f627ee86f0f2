import { type InductionCandidate, inductionCandidates } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import type { TextSettings } from '../program/text-features.ts';

/** How weights are learned. */
export type Learner =
  | { readonly kind: 'naive_bayes'; readonly alpha: number }
  | { readonly kind: 'linear_svm'; readonly cost: number };

/** One model that is tried. */
export type Candidate =
  | { readonly name: string; readonly kind: 'text'; readonly settings: TextSettings; readonly learner: Learner }
  | { readonly name: string; readonly kind: 'table'; readonly learner: Learner }
  | { readonly name: string; readonly kind: 'tree'; readonly depth: number };

const BAYES: Learner = { kind: 'naive_bayes', alpha: 0.1 };
const SVM: Learner = { kind: 'linear_svm', cost: 2 };
/** With many labels each has few examples for it and many against it: a stronger penalty does better. */
const SVM_OF_MANY: Learner = { kind: 'linear_svm', cost: 1 };

/** How the features of a text are cut. */
const TEXT_SETTINGS: Readonly<Partial<Record<InductionCandidate['features'], Omit<TextSettings, 'maxCharacters'>>>> = {
  words: { words: true, longestPiece: 0 },
  'pieces of words': { words: false, longestPiece: 5 },
  'words and pieces': { words: true, longestPiece: 4 },
};

/** The candidates for texts, the simplest first: which ones depends on how much text and how many labels there are. */
export function textCandidates(totalCharacters: number, classes: number): Candidate[] {
  return inductionCandidates({ kind: 'text', characters: totalCharacters, classes }).map(({ name, learner, features }) => {
    const settings = TEXT_SETTINGS[features];
    if (settings === undefined) throw new RangeError(`Cannot try "${name}": its features are not those of a text`);
    return {
      name,
      kind: 'text',
      settings: { ...settings, maxCharacters: LIMITS.readCharacters },
      learner: learner !== 'linear SVM' ? BAYES : classes > LIMITS.readableClasses ? SVM_OF_MANY : SVM,
    };
  });
}

/** How the models for tables are learned, by their names. */
const TABLE_MODELS: readonly Candidate[] = [
  { name: 'decision tree of depth 3', kind: 'tree', depth: 3 },
  { name: 'naive Bayes on categories and bins', kind: 'table', learner: { kind: 'naive_bayes', alpha: 0.5 } },
  { name: 'linear SVM on cells', kind: 'table', learner: { kind: 'linear_svm', cost: 1 } },
  { name: 'decision tree of depth 5', kind: 'tree', depth: 5 },
  { name: 'linear SVM on cells, weak penalty', kind: 'table', learner: { kind: 'linear_svm', cost: 20 } },
  { name: 'decision tree of depth 8', kind: 'tree', depth: 8 },
];

/** The candidates for tables, the simplest first. */
export function tableCandidates(): Candidate[] {
  return inductionCandidates({ kind: 'table' }).map(({ name }) => {
    const candidate = TABLE_MODELS.find((model) => model.name === name);
    if (candidate === undefined) throw new RangeError(`Cannot try "${name}": nobody knows how it is learned`);
    return candidate;
  });
}
