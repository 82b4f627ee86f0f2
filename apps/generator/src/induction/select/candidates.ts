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

/**
 * The candidates for texts, the simplest first. Pieces of words are left out where there is too much text for them, and
 * support vector machines on pieces where there are too many labels besides: each label is a training of its own.
 */
export function textCandidates(totalCharacters: number, classes: number): Candidate[] {
  const text = (name: string, words: boolean, longestPiece: number, learner: Learner): Candidate => ({
    name,
    kind: 'text',
    settings: { words, longestPiece, maxCharacters: LIMITS.readCharacters },
    learner,
  });
  const words = [text('naive Bayes on words', true, 0, BAYES), text('linear SVM on words', true, 0, SVM)];
  if (totalCharacters > LIMITS.maxPieceCharacters) return words;
  const bayes = [
    text('naive Bayes on pieces of words', false, 5, BAYES),
    text('naive Bayes on words and pieces', true, 4, BAYES),
  ];
  if (totalCharacters * classes > LIMITS.maxPieceWork) return [...words, ...bayes];
  return [
    ...words,
    text('naive Bayes on pieces of words', false, 5, BAYES),
    text('linear SVM on pieces of words', false, 5, SVM),
    text('naive Bayes on words and pieces', true, 4, BAYES),
    text('linear SVM on words and pieces', true, 4, SVM),
  ];
}

/** The candidates for tables, the simplest first. */
export function tableCandidates(): Candidate[] {
  return [
    { name: 'decision tree of depth 3', kind: 'tree', depth: 3 },
    { name: 'naive Bayes on categories and bins', kind: 'table', learner: { kind: 'naive_bayes', alpha: 0.5 } },
    { name: 'linear SVM on cells', kind: 'table', learner: { kind: 'linear_svm', cost: 1 } },
    { name: 'decision tree of depth 5', kind: 'tree', depth: 5 },
    { name: 'linear SVM on cells, weak penalty', kind: 'table', learner: { kind: 'linear_svm', cost: 20 } },
    { name: 'decision tree of depth 8', kind: 'tree', depth: 8 },
  ];
}
