import { type Json, type JsonObject, canonicalJson } from '@loopwright/protocol';
import type { ProgramCase } from '../emit/cases.ts';
import type { TransformationData, TransformationSample } from './read-transformation.ts';

/** Longest input of a case, in characters of its JSON, and most cases. */
const MAX_CASE = 1500;
const MAX_CASES = 30;

/** Chooses the cases: examples that the program answers rightly, and edges. */
export function transformationCases(
  samples: readonly TransformationSample[],
  data: TransformationData,
  run: (input: Json) => Json,
): ProgramCase[] {
  const right = samples.filter(
    ({ input, output }) => JSON.stringify(input).length <= MAX_CASE && canonicalJson(run(input)) === canonicalJson(output),
  );
  const edges: [string, string][] = [
    ['an empty text', ''],
    ['white space', ' \n\t '],
    ['half a surrogate pair', 'a\ud800b'],
    ['a long word', 'a'.repeat(1000)],
    ['many digits', '1'.repeat(1000)],
  ];
  return [
    ...right.slice(0, MAX_CASES).map(({ input, output }, at) => ({ name: `example ${at + 1}`, input, output })),
    ...edges.map(([name, text]) => {
      const input: Json =
        data.inputFields === null ? text : (Object.fromEntries(data.inputFields.map((field) => [field, text])) as JsonObject);
      return { name, input, output: run(input) };
    }),
  ];
}
