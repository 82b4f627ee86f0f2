import type { Json } from '@loopwright/protocol';
import type { InputKind } from '../read/input-kind.ts';

/** One case of the table that the program is tested with. */
export interface ProgramCase {
  readonly name: string;
  readonly input: Json;
  readonly output: Json;
}

/** An example with its answer. */
export interface AnsweredExample {
  readonly input: Json;
  readonly label: Json;
  readonly answer: Json;
}

/** Longest input of a case, in characters of its JSON. */
const MAX_CASE = 1500;

/** Where among the examples of a label, ordered by length, its cases are taken. */
const QUANTILES = [0.05, 0.5, 0.9];

/**
 * Chooses the cases: for each label a short, a middling and a long example that the program answers rightly, and the
 * edges. Cases guard against change; how often the program is right is the hold-out score, not the share of passed cases.
 */
export function chooseCases(examples: readonly AnsweredExample[], kind: InputKind, run: (input: Json) => Json): ProgramCase[] {
  const right = examples.filter(({ input, label, answer }) => label === answer && JSON.stringify(input).length <= MAX_CASE);
  const byLabel = Map.groupBy(right, (example) => example.label);
  const cases: ProgramCase[] = [];
  for (const [label, members] of byLabel) {
    const sorted = members.toSorted((a, b) => JSON.stringify(a.input).length - JSON.stringify(b.input).length);
    const places = new Set(QUANTILES.map((quantile) => Math.floor(quantile * sorted.length)));
    for (const place of places) {
      const example = sorted[place];
      if (example !== undefined) cases.push({ name: `example of ${JSON.stringify(label)}`, input: example.input, output: label });
    }
  }
  return [...cases, ...edgeCases(kind).map(({ name, input }) => ({ name, input, output: run(input) }))];
}

/** The cases of what people answered to questions of an earlier result. */
export function settledCases(settled: readonly { readonly input: Json; readonly output: Json }[]): ProgramCase[] {
  return settled.map(({ input, output }, at) => ({ name: `answer ${at + 1} of a person`, input, output }));
}

/** Inputs of the right shape that no example has. */
function edgeCases(kind: InputKind): { name: string; input: Json }[] {
  if (kind.kind === 'table') {
    const always = kind.fields.filter((field) => field.always);
    const zero = { number: 0, category: '', boolean: false };
    return [{ name: 'empty cells', input: Object.fromEntries(always.map((field) => [field.name, zero[field.kind]])) }];
  }
  const { field } = kind;
  const texts: [string, string][] = [
    ['an empty text', ''],
    ['white space', ' \n\t '],
    ['signs only', '?!… *** --'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a script that comes seldom', 'ᚠᛇᚻ ᛒᛦᚦ'],
    ['a long word', 'a'.repeat(1000)],
  ];
  return texts.map(([name, text]) => ({ name, input: field === null ? text : { [field]: text } }));
}

/** An input of the wrong shape, which the program must refuse by throwing. */
export function wrongInput(kind: InputKind): Json {
  return kind.kind === 'text' && kind.field !== null ? { [kind.field]: 7 } : ['not', 'an', 'input'];
}
