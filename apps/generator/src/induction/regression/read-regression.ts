import { type Json, type LabelledExample, canonicalJson } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { type Field, readInputKind } from '../read/input-kind.ts';
import { type Refused, refuse } from '../refusal.ts';

/** Examples of a regression, one for each distinct input. */
export interface RegressionData {
  readonly fields: readonly Field[];
  readonly inputs: readonly Json[];
  readonly targets: readonly number[];
  readonly duplicates: number;
  /** Most decimals of an output; at most 6, or so many that the largest output has 6 digits. */
  readonly decimals: number;
}

/** Reads records with a number each. Equal inputs become one, with the mean of their outputs. */
export function readRegression(
  examples: readonly LabelledExample[],
): { ok: true; value: RegressionData } | { ok: false; refused: Refused } {
  if (examples.length > LIMITS.maxExamples) {
    const reason = `There are ${examples.length} examples, at most ${LIMITS.maxExamples} can be used`;
    return { ok: false, refused: refuse('too_many_examples', reason, { examples: examples.length, limit: LIMITS.maxExamples }) };
  }
  const wrong = examples.findIndex(({ output }) => typeof output !== 'number' || Math.abs(output) > LIMITS.maxNumber);
  if (wrong !== -1) {
    const reason = `The output of example ${wrong + 1} is no number of at most ${LIMITS.maxNumber} in size`;
    return { ok: false, refused: refuse('unsupported_output', reason, { example: wrong + 1 }) };
  }
  const kind = readInputKind(examples.map(({ input }) => input));
  if (!kind.ok) return kind;
  if (kind.value.kind !== 'table') {
    const reason = 'The inputs are texts: numbers are estimated from records only';
    return { ok: false, refused: refuse('unsupported_input', reason, { kind: 'text' }) };
  }
  const groups = Map.groupBy(examples, ({ input }) => canonicalJson(input));
  if (groups.size < LIMITS.minRegressionExamples) {
    const reason = `There are ${groups.size} distinct examples, at least ${LIMITS.minRegressionExamples} are needed to estimate a number`;
    return {
      ok: false,
      refused: refuse('too_few_examples', reason, { examples: groups.size, needed: LIMITS.minRegressionExamples }),
    };
  }
  const inputs: Json[] = [];
  const targets: number[] = [];
  for (const members of groups.values()) {
    inputs.push(members[0]?.input ?? null);
    targets.push(members.reduce((sum, { output }) => sum + Number(output) / members.length, 0));
  }
  const decimals = decimalsOf(examples.map(({ output }) => Number(output)));
  return { ok: true, value: { fields: kind.value.fields, inputs, targets, duplicates: examples.length - groups.size, decimals } };
}

/** Decimals that tell the numbers apart, no more than six digits of the largest need. */
function decimalsOf(values: readonly number[]): number {
  const largest = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  const most = largest === 0 ? 0 : Math.min(100, Math.max(6, 5 - Math.floor(Math.log10(largest))));
  for (let decimals = 0; decimals < most; decimals += 1)
    if (values.every((value) => Number(value.toFixed(decimals)) === value)) return decimals;
  return most;
}
