import { type Json, type LabelledExample, canonicalJson } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { type Matches, openMatches } from '../program/transform-text.ts';
import { readTexts } from '../program/read-texts.ts';
import { type Refused, refuse } from '../refusal.ts';

/** One field of the outputs; `name` is `null` when the output is a bare value. */
export interface OutputField {
  readonly name: string | null;
  readonly type: 'string' | 'number';
  /** What the examples have where there is nothing to find. */
  readonly missing: null | '';
}

/** One distinct input with what it is to become: a text for each field, `undefined` where there is nothing. */
export interface TransformationSample {
  readonly input: Json;
  readonly output: Json;
  readonly matches: Matches;
  readonly texts: readonly (string | undefined)[];
}

/** Examples of a transformation. */
export interface TransformationData {
  /** Members of the input that are read; `null` for a bare string. */
  readonly inputFields: readonly string[] | null;
  readonly fields: readonly OutputField[];
  readonly samples: readonly TransformationSample[];
  readonly duplicates: number;
  readonly conflicts: number;
}

type Answer = { ok: true; value: TransformationData } | { ok: false; refused: Refused };

/** Reads examples whose inputs are texts or flat records, and whose outputs are texts, numbers, `null`, or flat records of these. */
export function readTransformation(examples: readonly LabelledExample[]): Answer {
  if (examples.length > LIMITS.maxExamples)
    return no('too_many_examples', `There are ${examples.length} examples, at most ${LIMITS.maxExamples} can be used`, {
      limit: LIMITS.maxExamples,
    });
  const inputFields = inputFieldsOf(examples.map(({ input }) => input));
  if (inputFields === undefined)
    return no('unsupported_input', 'The inputs are neither all texts nor all flat records', { examples: examples.length });
  const fields = outputFieldsOf(examples.map(({ output }) => output));
  if (fields === undefined)
    return no('unsupported_output', 'The outputs are neither texts or numbers nor flat records of these with the same members', {
      examples: examples.length,
    });
  const distinct = new Map<string, { example: LabelledExample; outputs: Set<string> }>();
  for (const example of examples) {
    const key = canonicalJson(example.input);
    const entry = distinct.get(key) ?? { example, outputs: new Set<string>() };
    entry.outputs.add(canonicalJson(example.output));
    distinct.set(key, entry);
  }
  const clear = [...distinct.values()].filter(({ outputs }) => outputs.size === 1).map(({ example }) => example);
  if (clear.length < LIMITS.minTransformExamples) {
    const details = { examples: clear.length, needed: LIMITS.minTransformExamples };
    return no(
      'too_few_examples',
      `There are ${clear.length} distinct inputs with one output each, at least ${LIMITS.minTransformExamples} are needed`,
      details,
    );
  }
  const samples = clear.map(({ input, output }) => ({
    input,
    output,
    matches: openMatches(readTexts(input, inputFields)),
    texts: fields.map((field) => textOfField(output, field)),
  }));
  const conflicts = distinct.size - clear.length;
  return { ok: true, value: { inputFields, fields, samples, duplicates: examples.length - distinct.size, conflicts } };
}

function no(code: Refused['code'], reason: string, details: Refused['details']): Answer {
  return { ok: false, refused: refuse(code, reason, details) };
}

function inputFieldsOf(inputs: readonly Json[]): readonly string[] | null | undefined {
  if (inputs.every((input) => typeof input === 'string')) return null;
  const names = new Set<string>();
  for (const input of inputs) {
    if (!isFlatRecord(input)) return undefined;
    for (const name of Object.keys(input)) names.add(name);
  }
  return names.size > 0 && names.size <= LIMITS.maxTransformSources ? [...names].sort() : undefined;
}

function outputFieldsOf(outputs: readonly Json[]): OutputField[] | undefined {
  if (outputs.every((output) => output === null || typeof output === 'string' || typeof output === 'number')) {
    const field = fieldOf(null, outputs);
    return field === undefined ? undefined : [field];
  }
  if (!outputs.every(isFlatRecord)) return undefined;
  const names = [...new Set(outputs.flatMap((output) => Object.keys(output)))].sort();
  if (names.length === 0 || names.length > LIMITS.maxTransformFields) return undefined;
  const fields = names.map((name) =>
    fieldOf(
      name,
      outputs.map((output) => output[name] ?? null),
    ),
  );
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

function fieldOf(name: string | null, values: readonly Json[]): OutputField | undefined {
  const types = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  const [type] = types;
  if (types.size !== 1 || (type !== 'string' && type !== 'number')) return undefined;
  const isEmpty = values.includes('') && !values.includes(null);
  if (values.some((value) => typeof value === 'string' && value.length > LIMITS.maxTransformOutput)) return undefined;
  return { name, type, missing: isEmpty ? '' : null };
}

function textOfField(output: Json, { name }: OutputField): string | undefined {
  const value = name === null ? output : isFlatRecord(output) ? (output[name] ?? null) : null;
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;
}

function isFlatRecord(value: Json): value is Record<string, Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, member]) => name !== '__proto__' && (member === null || typeof member !== 'object'));
}
