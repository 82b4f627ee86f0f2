import { type LabelledExample, canonicalJson } from '@loopwright/protocol';
import { labelOf, profileExamples } from '../../../examples/profile-examples.ts';
import type { DataFacts } from './data-facts.ts';
import { fieldsOf } from './fields.ts';
import { type NearDuplicates, nearDuplicates } from './near-duplicates.ts';
import { areTexts, scriptCounts } from './measure-shape.ts';
import { textOf, tokensOf } from './tokens.ts';

/** The two parts of a set of examples. */
export interface SplitParts {
  readonly train: readonly LabelledExample[];
  readonly holdout: readonly LabelledExample[];
}

const SAMPLES = 10;
const EXCERPT = 160;
const LABELS = 100;

/** Measures a set of examples and its split. Lines count the training part first and then the hold-out. */
export function measureData({ train, holdout }: SplitParts): DataFacts {
  const all = [...train, ...holdout];
  const isText = areTexts(all);
  // A record with one text is a text, whatever its member is called.
  const profile = profileExamples(isText ? all.map(({ input, output }) => ({ input: textOf(input) ?? '', output })) : all);
  const texts = isText ? all.map(({ input }) => textOf(input) ?? '') : [];
  const near = isText ? nearDuplicates(texts) : undefined;
  const labels = labelsOf(profile.labels, { train, holdout });
  const counts = labels.map(({ count }) => count);
  const fields = profile.kind === 'tabular' ? fieldsOf(all) : [];
  const facts = {
    count: all.length,
    kind: profile.kind,
    labels,
    classes: profile.classes,
    imbalance: Math.max(...counts) / Math.max(1, Math.min(...counts)),
    majority_share: Math.max(...counts) / Math.max(1, all.length),
    duplicates: duplicatesOf({ train, holdout }, profile.duplicates, near),
    conflicts: { inputs: profile.conflicts, ...nearConflicts(all, near) },
    leakage: { ...labelsInTexts(all, texts, isText), fields: fields.filter(({ leaks }) => leaks).map(({ name }) => name) },
    empty: all.filter(({ input }) => isEmpty(input)).length,
    damaged: texts.filter((text) => /[\uFFFD]|[^\P{Cc}\n\r\t]/u.test(text)).length,
    length: profile.text_length,
    scripts: scriptCounts(texts),
    fields,
  };
  return { ...facts, warnings: warningsOf(facts) };
}

function labelsOf(counts: Readonly<Record<string, number>>, { train, holdout }: SplitParts): DataFacts['labels'] {
  const [inTrain, inHoldout] = [train, holdout].map((part) => profileExamples(part).labels);
  return Object.entries(counts)
    .slice(0, LABELS)
    .map(([label, count]) => ({ label, count, train: inTrain?.[label] ?? 0, holdout: inHoldout?.[label] ?? 0 }));
}

function duplicatesOf({ train, holdout }: SplitParts, exact: number, near: NearDuplicates | undefined): DataFacts['duplicates'] {
  const trained = new Set(train.map(({ input }) => canonicalJson(input)));
  const over = new Set(near?.pairs.flatMap(([one, other]) => (one < train.length && other >= train.length ? [other] : [])));
  return {
    exact,
    near: near?.texts ?? null,
    near_compared: near?.compared ?? null,
    near_over_split: near === undefined ? null : over.size,
    exact_over_split: holdout.filter(({ input }) => trained.has(canonicalJson(input))).length,
  };
}

function nearConflicts(
  all: readonly LabelledExample[],
  near: NearDuplicates | undefined,
): Omit<DataFacts['conflicts'], 'inputs'> {
  const pairs = (near?.pairs ?? []).filter(([one, other]) => labelAt(all, one) !== labelAt(all, other));
  const samples = pairs.slice(0, SAMPLES).map(([one, other]) => ({ first: sampleAt(all, one), second: sampleAt(all, other) }));
  return { near_pairs: near === undefined ? null : pairs.length, samples };
}

/** A text that names its label may give the answer away; that labels of other examples stand in texts as well speaks against it. */
function labelsInTexts(
  all: readonly LabelledExample[],
  texts: readonly string[],
  isText: boolean,
): Omit<DataFacts['leakage'], 'fields'> {
  if (!isText) return { label_in_text: null, other_label_in_text: null, samples: [] };
  const wordsOfLabel = new Map(
    [...new Set(all.map(({ output }) => labelOf(output)))].map((label) => [label, tokensOf(label).join(' ')]),
  );
  const own: number[] = [];
  let others = 0;
  for (const [place, text] of texts.entries()) {
    const words = ` ${tokensOf(text).join(' ')} `;
    const label = labelAt(all, place);
    const has = (name: string): boolean => words.includes(` ${wordsOfLabel.get(name) ?? name} `);
    if (has(label)) own.push(place);
    else if (wordsOfLabel.size <= LABELS && [...wordsOfLabel.keys()].some((name) => name !== label && has(name))) others += 1;
  }
  return {
    label_in_text: own.length,
    other_label_in_text: others,
    samples: own.slice(0, SAMPLES).map((place) => sampleAt(all, place)),
  };
}

function warningsOf(facts: Omit<DataFacts, 'warnings'>): string[] {
  const { duplicates, conflicts, leakage, count } = facts;
  const share = (part: number): string => `${((100 * part) / Math.max(1, count)).toFixed(1)} %`;
  const checks: readonly (readonly [boolean, string])[] = [
    [
      facts.imbalance > 10,
      `The labels are unbalanced: the most frequent one is ${facts.imbalance.toFixed(1)} times as frequent as the least frequent one`,
    ],
    [duplicates.exact > 0, `${duplicates.exact} examples (${share(duplicates.exact)}) repeat an earlier one`],
    [conflicts.inputs > 0, `${conflicts.inputs} inputs stand with more than one label`],
    [(conflicts.near_pairs ?? 0) > 0, `${conflicts.near_pairs} pairs of nearly equal texts have different labels`],
    [
      (duplicates.near_over_split ?? 0) > 0,
      `${duplicates.near_over_split} texts of the hold-out nearly repeat one that the program learns from: the measured accuracy may be too high`,
    ],
    [
      (leakage.label_in_text ?? 0) > 0.05 * count,
      `${leakage.label_in_text} texts (${share(leakage.label_in_text ?? 0)}) have their own label as a word`,
    ],
    [leakage.fields.length > 0, `The label follows from one field alone: ${leakage.fields.join(', ')}`],
    [facts.empty > 0, `${facts.empty} inputs are empty`],
    [facts.damaged > 0, `${facts.damaged} texts have characters of a wrong decoding, or control characters`],
    [facts.labels.some(({ holdout }) => holdout === 0), 'Some labels have no example in the hold-out'],
  ];
  return checks.filter(([applies]) => applies).map(([, text]) => text);
}

function isEmpty(input: LabelledExample['input']): boolean {
  const text = textOf(input);
  if (text !== undefined) return text.trim() === '';
  return input === null || (typeof input === 'object' && Object.values(input).every((value) => value === null || value === ''));
}

function labelAt(all: readonly LabelledExample[], place: number): string {
  return labelOf(all[place]?.output ?? null);
}

function sampleAt(all: readonly LabelledExample[], place: number): DataFacts['leakage']['samples'][number] {
  const text = textOf(all[place]?.input ?? null) ?? JSON.stringify(all[place]?.input ?? null);
  return { line: place + 1, excerpt: text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text, label: labelAt(all, place) };
}
