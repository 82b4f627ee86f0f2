import type { Json } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { type RefusalCode, type Refused, refuse } from '../refusal.ts';

/** The kind that a field of a record has in every example. */
export interface Field {
  readonly name: string;
  readonly kind: 'number' | 'category' | 'boolean';
  /** Whether it is present and not null in every example. */
  readonly always: boolean;
}

/** What the inputs are: texts (`field` is the member that holds the text, `null` for a bare string) or records of a table. */
export type InputKind =
  | { readonly kind: 'text'; readonly field: string | null }
  | { readonly kind: 'table'; readonly fields: readonly Field[] };

/** The text of an input of kind text. */
export function textOf(input: Json, field: string | null): string {
  const text = field === null ? input : (input as Record<string, Json>)[field];
  return typeof text === 'string' ? text : '';
}

/** Whether an input is of a kind. */
export function isOfKind(input: Json, kind: InputKind): boolean {
  if (kind.kind === 'text') {
    const text = kind.field === null ? input : isRecord(input) ? input[kind.field] : null;
    return typeof text === 'string' && text.length <= LIMITS.maxTextCharacters;
  }
  return (
    isRecord(input) &&
    kind.fields.every(({ name, kind: cell, always }) => {
      const value = Object.hasOwn(input, name) ? (input[name] ?? null) : null;
      return value === null ? !always : typeof value === (cell === 'category' ? 'string' : cell);
    })
  );
}

function isRecord(input: Json): input is Record<string, Json> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

type Answer = { ok: true; value: InputKind } | { ok: false; refused: Refused };

/** Tells the kind of the inputs, or refuses what is neither text nor a flat record, mixed, or too long. */
export function readInputKind(inputs: readonly Json[]): Answer {
  const shapes = new Map<string, number>();
  for (const [index, input] of inputs.entries()) {
    const shape = shapeOf(input);
    if (shape === 'other')
      return no('unsupported_input', 'is neither a text nor a flat record of numbers, strings and booleans', index, input);
    if (!shapes.has(shape)) shapes.set(shape, index);
  }
  const [first, second] = shapes;
  if (second !== undefined)
    return no('mixed_kinds', `is a ${second[0]}, the first example is a ${first?.[0]}`, second[1], inputs[second[1]] ?? null);
  if (first?.[0] === 'string')
    return checkTexts(
      inputs.map((input) => textOf(input, null)),
      null,
    );
  const records = inputs as readonly Record<string, Json>[];
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const [only] = names;
  if (only !== undefined && names.length === 1 && records.every((record) => typeof record[only] === 'string')) {
    return checkTexts(
      records.map((record) => textOf(record, only)),
      only,
    );
  }
  return readFields(records, names);
}

function no(code: RefusalCode, what: string, index: number, input: Json): Answer {
  const text = JSON.stringify(input);
  const sample = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return { ok: false, refused: refuse(code, `The input of example ${index + 1} ${what}`, { example: index + 1, sample }) };
}

function shapeOf(input: Json): 'string' | 'record' | 'other' {
  if (typeof input === 'string') return 'string';
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return 'other';
  const values = Object.entries(input);
  const isFlat = values.every(([name, value]) => name !== '__proto__' && (value === null || typeof value !== 'object'));
  return values.length > 0 && isFlat ? 'record' : 'other';
}

function checkTexts(texts: readonly string[], field: string | null): Answer {
  const long = texts.findIndex((text) => text.length > LIMITS.maxTextCharacters);
  if (long !== -1)
    return no(
      'input_too_long',
      `has ${texts[long]?.length} characters, at most ${LIMITS.maxTextCharacters} can be used`,
      long,
      texts[long] ?? null,
    );
  const total = texts.reduce((sum, text) => sum + Math.min(text.length, LIMITS.readCharacters), 0);
  if (total > LIMITS.maxTotalCharacters) {
    const reason = `The examples have ${total} characters in total, at most ${LIMITS.maxTotalCharacters} can be used`;
    return { ok: false, refused: refuse('input_too_long', reason, { characters: total, limit: LIMITS.maxTotalCharacters }) };
  }
  return { ok: true, value: { kind: 'text', field } };
}

function readFields(records: readonly Record<string, Json>[], names: readonly string[]): Answer {
  if (names.length > LIMITS.maxFields) {
    const reason = `The records have ${names.length} fields, at most ${LIMITS.maxFields} can be used`;
    return { ok: false, refused: refuse('unsupported_input', reason, { fields: names.length, limit: LIMITS.maxFields }) };
  }
  const fields: Field[] = [];
  for (const name of names) {
    let kind: string | undefined;
    let always = true;
    for (const [index, record] of records.entries()) {
      const value = Object.hasOwn(record, name) ? (record[name] ?? null) : null;
      if (value === null) always = false;
      else if (typeof value === 'string' && value.length > LIMITS.maxCellCharacters) {
        return no(
          'input_too_long',
          `has ${value.length} characters in ${JSON.stringify(name)}, at most ${LIMITS.maxCellCharacters} can be used`,
          index,
          record,
        );
      } else if ((kind ??= typeof value) !== typeof value) {
        return no('mixed_kinds', `has a ${typeof value} in ${JSON.stringify(name)}, earlier examples a ${kind}`, index, record);
      }
    }
    if (kind === 'number' || kind === 'boolean') fields.push({ name, kind, always });
    else if (kind === 'string') fields.push({ name, kind: 'category', always });
  }
  if (fields.every((field) => isFreeText(field, records))) {
    const reason =
      'No field of the records has values that repeat: texts can be learned from one field only, so join them into one';
    return { ok: false, refused: refuse('unsupported_input', reason, { fields: names.slice(0, 20) }) };
  }
  return { ok: true, value: { kind: 'table', fields } };
}

/** Whether nearly every value of a string field is there once only. */
function isFreeText({ name, kind }: Field, records: readonly Record<string, Json>[]): boolean {
  return kind === 'category' && new Set(records.map((record) => record[name])).size > 0.9 * records.length;
}
