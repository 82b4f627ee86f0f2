import { type DriftVerdict, type LabelledExample, type Sample, canonicalJson } from '@loopwright/protocol';

/** Labels that validations gave since a drift began, or that say that the program is wrong. */
export interface Counterexamples {
  /** Everything that was labelled, the newest answer for each input. */
  readonly labelled: readonly LabelledExample[];
  /** How many of them the program gets wrong, or came after the drift began. */
  readonly count: number;
}

/** What people and other oracles said of a version, as examples. */
export async function collectCounterexamples(
  samples: AsyncIterable<Sample>,
  { since }: Pick<DriftVerdict, 'since'>,
): Promise<Counterexamples> {
  const labelled = new Map<string, { example: LabelledExample; isCounter: boolean }>();
  for await (const { input_data: input, validation, created_at } of samples) {
    if (validation === null) continue;
    const isCounter = !validation.match || (since !== null && Date.parse(created_at) >= Date.parse(since));
    const example = { input, output: validation.oracle_output };
    labelled.set(canonicalJson(input), { example, isCounter });
  }
  const all = [...labelled.values()];
  return { labelled: all.map(({ example }) => example), count: all.filter(({ isCounter }) => isCounter).length };
}

/** Examples with what was labelled since; where both know an input, what was labelled later is right. */
export function joinExamples(before: readonly LabelledExample[], labelled: readonly LabelledExample[]): LabelledExample[] {
  const known = new Set(labelled.map(({ input }) => canonicalJson(input)));
  return [...before.filter(({ input }) => !known.has(canonicalJson(input))), ...labelled];
}
