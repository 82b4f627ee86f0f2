import { type Json, type LabelledExample, seededRandom, wilsonInterval } from '@loopwright/protocol';
import { labelOf } from '../../../examples/profile-examples.ts';
import { textOf, tokensOf } from './tokens.ts';

/** What a program must beat to be worth anything. */
export interface Baseline {
  readonly name: 'majority' | 'one-rule';
  /** What it does, in words. */
  readonly rule: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

type Rule = { readonly text: string; readonly answer: (input: Json) => string };

const FOLDS = 5;
const MOST_VALUES = 50;
const BINS = 6;

/** The baselines, learned from some examples and judged on others. */
export function judgeBaselines(train: readonly LabelledExample[], judged: readonly LabelledExample[]): Baseline[] {
  return RULES.map(({ name, learn }) => {
    const rule = learn(train);
    const right = judged.filter(({ input, output }) => rule.answer(input) === labelOf(output)).length;
    return scored(name, rule.text, right, judged.length);
  });
}

/** The baselines by cross-validation: what they would reach on inputs that they have not seen. The rule is that of all examples. */
export function crossValidateBaselines(examples: readonly LabelledExample[], seed: number): Baseline[] {
  const random = seededRandom(seed);
  const folds = examples.map(() => Math.floor(random.next() * FOLDS));
  return RULES.map(({ name, learn }) => {
    let right = 0;
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const rule = learn(examples.filter((_, index) => folds[index] !== fold));
      right += examples.filter(
        ({ input, output }, index) => folds[index] === fold && rule.answer(input) === labelOf(output),
      ).length;
    }
    return scored(name, learn(examples).text, right, examples.length);
  });
}

function scored(name: Baseline['name'], rule: string, right: number, n: number): Baseline {
  const { share, low, high } = wilsonInterval(right, n);
  return { name, rule, accuracy: share, low, high, n };
}

const RULES: readonly { readonly name: Baseline['name']; readonly learn: (examples: readonly LabelledExample[]) => Rule }[] = [
  { name: 'majority', learn: majority },
  { name: 'one-rule', learn: oneRule },
];

function majority(examples: readonly LabelledExample[]): Rule {
  const usual = mostFrequent(count(examples.map(({ output }) => labelOf(output))));
  return { text: `always ${quoted(usual)}`, answer: () => usual };
}

/** The best rule that looks at one thing only: whether a text has a certain word, or the value of one field (R. C. Holte, 1993). */
function oneRule(examples: readonly LabelledExample[]): Rule {
  return examples.every(({ input }) => textOf(input) !== undefined) ? wordRule(examples) : fieldRule(examples);
}

function wordRule(examples: readonly LabelledExample[]): Rule {
  const all = count(examples.map(({ output }) => labelOf(output)));
  const withWord = new Map<string, Map<string, number>>();
  for (const { input, output } of examples) {
    const label = labelOf(output);
    for (const word of new Set(tokensOf(textOf(input) ?? ''))) {
      const counts = withWord.get(word) ?? new Map<string, number>();
      counts.set(label, (counts.get(label) ?? 0) + 1);
      withWord.set(word, counts);
    }
  }
  let best = { word: '', yes: mostFrequent(all), no: mostFrequent(all), right: -1 };
  for (const [word, counts] of withWord) {
    const rest = new Map([...all].map(([label, n]) => [label, n - (counts.get(label) ?? 0)]));
    const [yes, no] = [mostFrequent(counts), mostFrequent(rest)];
    const right = (counts.get(yes) ?? 0) + (rest.get(no) ?? 0);
    if (right > best.right || (right === best.right && word < best.word)) best = { word, yes, no, right };
  }
  const { word, yes, no } = best;
  return {
    text: `${quoted(yes)} when the text has ${quoted(word)}, else ${quoted(no)}`,
    answer: (input) => (tokensOf(textOf(input) ?? '').includes(word) ? yes : no),
  };
}

function fieldRule(examples: readonly LabelledExample[]): Rule {
  const usual = mostFrequent(count(examples.map(({ output }) => labelOf(output))));
  const names = new Set(examples.flatMap(({ input }) => Object.keys(asRecord(input))));
  let best: { name: string; right: number; key: (value: Json) => string; answers: Map<string, string> } | undefined;
  for (const name of names) {
    const key = keyOf(examples.map(({ input }) => asRecord(input)[name] ?? null));
    if (key === undefined) continue;
    const groups = Map.groupBy(examples, ({ input }) => key(asRecord(input)[name] ?? null));
    const answers = new Map<string, string>();
    let right = 0;
    for (const [value, members] of groups) {
      const counts = count(members.map(({ output }) => labelOf(output)));
      const answer = mostFrequent(counts);
      answers.set(value, answer);
      right += counts.get(answer) ?? 0;
    }
    if (best === undefined || right > best.right) best = { name, right, key, answers };
  }
  if (best === undefined) return { text: `always ${quoted(usual)}: no field has values that repeat`, answer: () => usual };
  const { name, key, answers } = best;
  return {
    text: `by the value of ${quoted(name)} alone`,
    answer: (input) => answers.get(key(asRecord(input)[name] ?? null)) ?? usual,
  };
}

/** How the values of a field are told apart: numbers by their quantiles; `undefined` for a field whose values hardly repeat. */
function keyOf(values: readonly Json[]): ((value: Json) => string) | undefined {
  const known = values.filter((value) => value !== null);
  if (known.length > 0 && known.every((value) => typeof value === 'number')) {
    const sorted = known.toSorted((a, b) => a - b);
    const cuts = Array.from({ length: BINS - 1 }, (_, index) => Number(sorted[Math.floor(((index + 1) * sorted.length) / BINS)]));
    return (value) => (typeof value === 'number' ? String(cuts.filter((cut) => value >= cut).length) : 'none');
  }
  return new Set(known.map((value) => JSON.stringify(value))).size > MOST_VALUES ? undefined : (value) => JSON.stringify(value);
}

function asRecord(input: Json): Readonly<Record<string, Json>> {
  return input !== null && typeof input === 'object' && !Array.isArray(input) ? input : {};
}

function count(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  let best: readonly [string, number] = ['', -1];
  for (const [label, n] of counts) if (n > best[1] || (n === best[1] && label < best[0])) best = [label, n];
  return best[0];
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
