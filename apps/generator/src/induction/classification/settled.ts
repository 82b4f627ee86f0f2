import { type Json, type LabelledExample, seededRandom } from '@loopwright/protocol';
import { withClarifications } from '../clarify/clarification.ts';
import type { SettledInput } from '../emit/program-source.ts';
import type { Model } from '../learn/model.ts';
import { LIMITS } from '../limits.ts';
import { readCells } from '../program/table-cells.ts';
import { isOfKind, textOf } from '../read/input-kind.ts';
import { isLabel } from '../read/labels.ts';
import { type ReadExamples, type Sample, readExamples } from '../read/read-examples.ts';
import { type Refused, refuse } from '../refusal.ts';
import { stratifiedParts } from '../split/hold-out.ts';
import type { InductionTask } from '../task.ts';

/** Examples with what people settled. */
export interface SettledExamples extends ReadExamples {
  /** Answers of people, the last one to each input. */
  readonly settled: readonly LabelledExample[];
  readonly isSettled: (input: Json) => boolean;
}

/**
 * Reads the examples with the answers of people. An answer whose label nothing else has (say the one for unknown input) is not learned from: the program gives it
 * to that input alone.
 */
export function readSettled(task: InductionTask): { ok: true; value: SettledExamples } | { ok: false; refused: Refused } {
  const { examples, settled, isSettled } = withClarifications(task.examples, task.clarifications ?? []);
  const counts = new Map<Json, number>();
  for (const { output } of examples) counts.set(output, (counts.get(output) ?? 0) + 1);
  const lone = new Set(settled.filter(({ output }) => isLabel(output) && counts.get(output) === 1));
  const read = readExamples(examples.filter((example) => !lone.has(example)));
  if (!read.ok) return read;
  const stray = [...lone].find(({ input }) => !isOfKind(input, read.value.kind));
  if (stray === undefined) return { ok: true, value: { ...read.value, settled, isSettled } };
  const sample = JSON.stringify(stray.input).slice(0, 200);
  return { ok: false, refused: refuse('mixed_kinds', 'The input of an answer is not of the kind of the examples', { sample }) };
}

/** One of five stratified parts; the training part keeps the examples of a label that has but one group, and what people settled. */
export function splitHoldOut({ samples, isSettled }: SettledExamples, seed: number): { training: Sample[]; heldOut: Sample[] } {
  const parts = stratifiedParts(samples, Math.round(1 / LIMITS.holdOutShare), seededRandom(seed));
  const settled = new Set(samples.filter(({ input }) => isSettled(input)).map(({ group }) => group));
  const isHeld = ({ group }: Sample, place: number): boolean => parts[place] === 1 && !settled.has(group);
  return { training: samples.filter((sample, place) => !isHeld(sample, place)), heldOut: samples.filter(isHeld) };
}

/** What the program looks an input up with, among those that people settled: its text, or its cells as JSON. */
export function settledKey(input: Json, model: Model): string {
  return model.kind === 'text' ? textOf(input, model.field) : JSON.stringify(readCells(input, model.columns));
}

/** What people settled, with the keys of the inputs. */
export function settledInputs({ settled }: SettledExamples, model: Model): SettledInput[] {
  return settled.flatMap(({ input, output }) => (isLabel(output) ? [{ input, key: settledKey(input, model), output }] : []));
}

/** All answers of the program: the labels, those that only people gave, and the one for unknown input. */
export function answersOf({ labels, settled }: SettledExamples, unknownLabel: string | null): (string | number | boolean)[] {
  const others = settled.map(({ output }) => output).filter(isLabel);
  return [...new Set([...labels, ...others, ...(unknownLabel === null ? [] : [unknownLabel])])];
}
