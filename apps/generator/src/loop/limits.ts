/** Limits of what a model may answer and of how it is checked. */
export const LOOP_LIMITS = {
  /** Files of one answer. */
  files: 100,
  /** Characters of one file, and of all files of an answer together. */
  fileCharacters: 400_000,
  answerCharacters: 2_000_000,
  /** Characters of a path. */
  pathCharacters: 300,
  /** Answers in which a model calls programs instead of giving files, in one generation. */
  programRounds: 16,
  /** Labelled examples of a plan; those a prompt shows, and their characters. */
  examples: 100_000,
  examplesShown: 40,
  examplesShownCharacters: 40_000,
  /** Examples that are run against a program. */
  examplesTested: 2000,
  /** Time of one static check (milliseconds) and the memory of its compiler (bytes). */
  staticCheckMs: 20_000,
  staticCheckBytes: 1024 * 1024 * 1024,
  /** Time of one check, one file of tests, or all examples of a program of Python (milliseconds). */
  pythonMs: 10_000,
  /** Characters of what tests say that a result keeps. */
  testOutputCharacters: 20_000,
} as const;
