import type { Json } from '@loopwright/protocol';
import { type Ambiguity, MAX_QUESTIONS } from '../clarify/clarification.ts';

/** The two estimators that are compared. */
export interface Estimates {
  readonly names: readonly [string, string];
  readonly run: (input: Json) => number;
  readonly runRival: (input: Json) => number;
  /** How far apart two estimates must be to count as a disagreement. */
  readonly apart: number;
}

/** Asks about the inputs on which the chosen estimator and the best of the others are furthest apart. */
export function askAboutEstimates(inputs: readonly Json[], { names, run, runRival, apart }: Estimates): Ambiguity {
  const differing = inputs
    .map((input) => ({ input, mine: run(input), other: runRival(input) }))
    .filter(({ mine, other }) => Math.abs(mine - other) > apart)
    .sort((a, b) => Math.abs(b.mine - b.other) - Math.abs(a.mine - a.other));
  const questions = differing.slice(0, MAX_QUESTIONS).map(({ input, mine, other }) => ({
    input,
    why: 'candidates_disagree' as const,
    answers: [
      { candidate: names[0], output: mine, confidence: null },
      { candidate: names[1], output: other, confidence: null },
    ],
    given: null,
  }));
  return {
    candidates: [...names],
    compared: inputs.length,
    disagreement: differing.length / Math.max(1, inputs.length),
    questions,
  };
}
