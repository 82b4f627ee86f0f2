import { type Json, type JsonObject, type LabelledExample, canonicalJson } from '@loopwright/protocol';

/** An input that people should answer, since the examples leave open what is right. */
export interface ClarificationQuestion {
  readonly input: Json;
  /** `candidates_disagree`: programs that fit the examples equally well answer differently. `label_doubted`: two models that were not shown the example agree on another label. */
  readonly why: 'candidates_disagree' | 'label_doubted';
  readonly answers: readonly CandidateAnswer[];
  /** The output that an example gives; `null` where there is none. */
  readonly given: Json;
}

/** What one candidate answers. */
interface CandidateAnswer {
  readonly candidate: string;
  readonly output: Json;
  /** From 0 to 1; `null` where the candidate has none. */
  readonly confidence: number | null;
}

/** How far the examples determine the program. */
export interface Ambiguity {
  /** What was compared. */
  readonly candidates: readonly string[];
  /** Inputs on which they were compared, and the share on which they disagree (`null`: nothing was compared). */
  readonly compared: number;
  readonly disagreement: number | null;
  readonly questions: readonly ClarificationQuestion[];
}

/** Most questions of one result. */
export const MAX_QUESTIONS = 12;

/** The report as the wire carries it. */
export function ambiguityMetadata(ambiguity: Ambiguity): JsonObject {
  const { candidates, compared, disagreement, questions } = ambiguity;
  return {
    ambiguity: { candidates: [...candidates], compared, disagreement },
    clarification_questions: questions.map(({ input, why, answers, given }) => ({
      input,
      why,
      answers: answers.map(({ candidate, output, confidence }) => ({ candidate, output, confidence })),
      given,
    })),
  };
}

/** The warning for inputs without an answer that cannot be used. */
export function leftOut(count: number): string[] {
  return count === 0 ? [] : [`${count} inputs without an answer were left out: they are not of the kind that the examples have`];
}

/** The examples with what people answered: their word stands for every example of the same input. */
export function withClarifications(
  examples: readonly LabelledExample[],
  clarifications: readonly LabelledExample[],
): { examples: LabelledExample[]; settled: LabelledExample[]; isSettled: (input: Json) => boolean } {
  const settled = new Map(clarifications.map((example) => [canonicalJson(example.input), example]));
  const rest = settled.size === 0 ? examples : examples.filter(({ input }) => !settled.has(canonicalJson(input)));
  return {
    examples: [...rest, ...settled.values()],
    settled: [...settled.values()],
    isSettled: (input) => settled.size > 0 && settled.has(canonicalJson(input)),
  };
}
