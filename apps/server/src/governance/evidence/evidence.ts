import { type Json, type ShareInterval, wilsonInterval } from '@loopwright/protocol';
import { z } from 'zod';

/** What the execution itself has recorded, and nobody has said of himself. */
export interface Evidence {
  readonly evaluation: RecordedEvaluation | null;
  readonly examples: RecordedExamples | null;
}

/** A version on examples that its generator never saw; all figures are made anew from the confusion. */
export interface RecordedEvaluation extends ShareInterval {
  readonly examples: number;
  /** The share that always answering the most frequent label would get. */
  readonly majority: number;
}

/** What the examples are like. */
export interface RecordedExamples {
  readonly count: number;
  readonly classes: number;
  readonly duplicates: number;
  readonly conflicts: number;
}

const count = z.int().nonnegative();
const evaluationSchema = z.looseObject({
  examples: z.int().positive(),
  dataset: z.string(),
  confusion: z.record(z.string(), z.record(z.string(), count)),
});
const examplesSchema = z.looseObject({
  profile: z.looseObject({ count: z.int().positive(), classes: count, duplicates: count, conflicts: count }),
});

/** Reads what `evaluate` recorded; `undefined` for what is not its result or does not add up. */
export function readEvaluation(value: Json): RecordedEvaluation | undefined {
  const parsed = evaluationSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { confusion, examples } = parsed.data;
  const rows = Object.entries(confusion).map(([expected, given]) => ({
    total: Object.values(given).reduce((sum, answers) => sum + answers, 0),
    correct: given[expected] ?? 0,
  }));
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  if (total !== examples) return undefined;
  const correct = rows.reduce((sum, row) => sum + row.correct, 0);
  return { ...wilsonInterval(correct, total), examples, majority: Math.max(...rows.map((row) => row.total)) / total };
}

/** Reads what `prepare` recorded; `undefined` for what is not its result. */
export function readExamples(value: Json): RecordedExamples | undefined {
  const parsed = examplesSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { profile } = parsed.data;
  return { count: profile.count, classes: profile.classes, duplicates: profile.duplicates, conflicts: profile.conflicts };
}
