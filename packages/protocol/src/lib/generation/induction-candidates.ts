/** A model that the induction agent compares: what it learns by and what it looks at. */
export interface InductionCandidate {
  readonly name: string;
  readonly learner: 'naive Bayes' | 'linear SVM' | 'decision tree';
  readonly features: 'words' | 'pieces of words' | 'words and pieces' | 'categories and bins' | 'cells';
}

/** Characters of all examples together above which only words are counted: pieces of words would take too much memory. */
const MOST_PIECE_CHARACTERS = 3_000_000;
/** Characters times labels above which one support vector machine only is trained on pieces of words: each takes tens of seconds. */
const MOST_PIECE_WORK = 15_000_000;
/** Characters times labels above which none is: it would take minutes. */
const MOST_MIXED_WORK = 80_000_000;

/** What the examples are: how many characters the texts have in all that are read, and how many labels there are. */
export type InductionData =
  | { readonly kind: 'text'; readonly characters: number; readonly classes: number }
  | { readonly kind: 'table' };

/**
 * The models that the induction agent compares on such examples, the simplest first. Pieces of words are left out where there is too much text for them, and support vector machines on pieces where
 * there are too many labels besides: each label is a training of its own. The control plane plans with the same list that the agent works by.
 */
export function inductionCandidates(data: InductionData): readonly InductionCandidate[] {
  if (data.kind === 'table') return TABLE;
  if (data.characters > MOST_PIECE_CHARACTERS) return TEXT.filter(({ features }) => features === 'words');
  const work = data.characters * data.classes;
  if (work <= MOST_PIECE_WORK) return TEXT;
  if (work <= MOST_MIXED_WORK)
    return TEXT.filter(({ features, learner }) => features !== 'pieces of words' || learner === 'naive Bayes');
  return TEXT.filter(({ features, learner }) => features === 'words' || learner === 'naive Bayes');
}

const TEXT: readonly InductionCandidate[] = [
  { name: 'naive Bayes on words', learner: 'naive Bayes', features: 'words' },
  { name: 'linear SVM on words', learner: 'linear SVM', features: 'words' },
  { name: 'naive Bayes on pieces of words', learner: 'naive Bayes', features: 'pieces of words' },
  { name: 'linear SVM on pieces of words', learner: 'linear SVM', features: 'pieces of words' },
  { name: 'naive Bayes on words and pieces', learner: 'naive Bayes', features: 'words and pieces' },
  { name: 'linear SVM on words and pieces', learner: 'linear SVM', features: 'words and pieces' },
];

const TABLE: readonly InductionCandidate[] = [
  { name: 'decision tree of depth 3', learner: 'decision tree', features: 'cells' },
  { name: 'naive Bayes on categories and bins', learner: 'naive Bayes', features: 'categories and bins' },
  { name: 'linear SVM on cells', learner: 'linear SVM', features: 'cells' },
  { name: 'decision tree of depth 5', learner: 'decision tree', features: 'cells' },
  { name: 'linear SVM on cells, weak penalty', learner: 'linear SVM', features: 'cells' },
  { name: 'decision tree of depth 8', learner: 'decision tree', features: 'cells' },
];

/** Characters of a text that the induction agent reads. */
export const INDUCTION_READ_CHARACTERS = 8192;
