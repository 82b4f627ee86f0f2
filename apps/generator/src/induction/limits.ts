import { CLASSES_MAX } from '@loopwright/protocol';

import { INDUCTION_READ_CHARACTERS } from '@loopwright/protocol';

/** Limits of the induction agent. A limit that is reached is a refusal with a code or is written in the model card. */
export const LIMITS = {
  /** Fewest distinct examples in total. */
  minExamples: 20,
  /** Fewest distinct examples of each class: one to learn from, one to test with. */
  minPerClass: 2,
  /** Most examples. */
  maxExamples: 100_000,
  /** Most classes. */
  maxClasses: CLASSES_MAX,
  /** Longest label that is a string, in characters. */
  maxLabelCharacters: 200,
  /** Longest text of one example, in characters. */
  maxTextCharacters: 100_000,
  /** Characters of a text that the program reads. */
  readCharacters: INDUCTION_READ_CHARACTERS,
  /** Most characters of all examples together. */
  maxTotalCharacters: 20_000_000,
  /** Most fields of a record. */
  maxFields: 500,
  /** Longest cell of a record that is a string, in characters. */
  maxCellCharacters: 10_000,
  /** Most values of a category that are told apart; the rarer ones count as unknown. */
  maxCategories: 50,
  /** Largest share of examples that contradict others. */
  maxContradictory: 0.05,
  /** Share of the hold-out. */
  holdOutShare: 0.2,
  /** Bytes that the table of weights may take in the program. */
  tableBytes: 280_000,
  /** Labels up to which the table of weights is a readable list of features for each label; above it the table is packed. */
  readableClasses: 30,
  /** Bytes that a packed table may take. */
  packedTableBytes: 640_000,
  /** Fewest distinct examples of a transformation. */
  minTransformExamples: 4,
  /** Most members of a record that a transformation reads, and most that it makes. */
  maxTransformSources: 12,
  maxTransformFields: 20,
  /** Longest text that a transformation makes, in characters. */
  maxTransformOutput: 500,
  /** Fewest distinct examples of a regression. */
  minRegressionExamples: 30,
  /** Largest size of a number that is estimated: the squares of larger ones overflow. */
  maxNumber: 1e100,
  /** Examples that cross-validation looks at; above it a stratified sample is taken. */
  maxCrossValidated: 6000,
} as const;
