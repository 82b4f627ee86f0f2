import { type Json, type JsonObject, type LabelledExample, canonicalJson } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { type Refused, refuse } from '../refusal.ts';
import { type InputKind, readInputKind } from './input-kind.ts';
import { readLabels } from './labels.ts';

/** One distinct input and its label. */
export interface Sample {
  readonly input: Json;
  /** Place of the label in {@link ReadExamples.labels}. */
  readonly label: number;
  /** Equal for inputs that differ in case, digits or white space only: such inputs stay on one side of the hold-out. */
  readonly group: string;
}

/** Examples that a program can be learned from. */
export interface ReadExamples {
  readonly kind: InputKind;
  readonly labels: readonly (string | number | boolean)[];
  readonly samples: readonly Sample[];
  /** Examples left out because an equal one was there before. */
  readonly duplicates: number;
  /** Examples left out because an equal input had another label. */
  readonly conflicts: number;
}

/** Checks the examples, drops repeated ones, and tells what kind of input and which labels they have. */
export function readExamples(
  examples: readonly LabelledExample[],
): { ok: true; value: ReadExamples } | { ok: false; refused: Refused } {
  if (examples.length < LIMITS.minExamples) return refusal(tooFew(examples.length));
  if (examples.length > LIMITS.maxExamples) {
    const details = { examples: examples.length, limit: LIMITS.maxExamples };
    return refusal(
      refuse('too_many_examples', `There are ${examples.length} examples, at most ${LIMITS.maxExamples} can be used`, details),
    );
  }
  const kind = readInputKind(examples.map((example) => example.input));
  if (!kind.ok) return kind;
  const labels = readLabels(examples.map((example) => example.output));
  if (!labels.ok) return labels;
  const distinct = dropRepeated(examples, kind.value, labels.value);
  const conflictShare = distinct.conflicts / examples.length;
  if (conflictShare > LIMITS.maxContradictory) {
    const percent = (100 * conflictShare).toFixed(1);
    const details: JsonObject = {
      contradictory: distinct.conflicts,
      examples: examples.length,
      limit: LIMITS.maxContradictory,
      sample: distinct.sample,
    };
    return refusal(refuse('contradictory_labels', `Equal inputs have different labels in ${percent} % of the examples`, details));
  }
  const counts = labels.value.map((_, label) => distinct.samples.filter((sample) => sample.label === label).length);
  if (distinct.samples.length < LIMITS.minExamples) return refusal(tooFew(distinct.samples.length));
  const rare = counts.findIndex((count) => count < LIMITS.minPerClass);
  if (rare !== -1) {
    const reason = `The label ${JSON.stringify(labels.value[rare])} has ${counts[rare]} distinct examples, at least ${LIMITS.minPerClass} are needed`;
    return refusal(
      refuse('too_few_examples', reason, {
        label: labels.value[rare] ?? null,
        examples: counts[rare] ?? 0,
        needed: LIMITS.minPerClass,
      }),
    );
  }
  const { samples, duplicates, conflicts } = distinct;
  return { ok: true, value: { kind: kind.value, labels: labels.value, samples, duplicates, conflicts } };
}

function refusal(refused: Refused): { ok: false; refused: Refused } {
  return { ok: false, refused };
}

function tooFew(count: number): Refused {
  const details = { examples: count, needed: LIMITS.minExamples };
  return refuse('too_few_examples', `There are ${count} distinct examples, at least ${LIMITS.minExamples} are needed`, details);
}

interface Distinct {
  samples: Sample[];
  duplicates: number;
  conflicts: number;
  sample: Json;
}

/** One sample an input. An input with several labels is left out altogether: nobody knows which one is right. */
function dropRepeated(examples: readonly LabelledExample[], kind: InputKind, labels: ReadExamples['labels']): Distinct {
  const places = new Map(labels.map((label, place) => [JSON.stringify(label), place]));
  const byInput = new Map<string, { input: Json; seen: Set<number>; count: number }>();
  for (const example of examples) {
    const key = canonicalJson(example.input);
    const entry = byInput.get(key) ?? { input: example.input, seen: new Set<number>(), count: 0 };
    entry.seen.add(places.get(JSON.stringify(example.output)) ?? 0);
    entry.count += 1;
    byInput.set(key, entry);
  }
  const result: Distinct = { samples: [], duplicates: 0, conflicts: 0, sample: null };
  for (const [key, { input, seen, count }] of byInput) {
    const [label] = seen;
    if (seen.size === 1 && label !== undefined) {
      result.samples.push({ input, label, group: kind.kind === 'text' ? foldText(key) : key });
      result.duplicates += count - 1;
    } else {
      result.conflicts += count;
      result.sample ??= { input, labels: [...seen].map((place) => labels[place] ?? null) };
    }
  }
  return result;
}

function foldText(key: string): string {
  return key
    .toLowerCase()
    .replaceAll(/\p{N}/gu, '0')
    .replaceAll(/(?:\s|\\n|\\t|\\r)+/gu, ' ');
}
