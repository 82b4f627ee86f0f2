import { type Json, type JsonObject, jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';

/** What a form asks for, as a JSON Schema has it. What a form has no control for is typed as JSON. */
export type FormField = About &
  (
    | { readonly kind: 'text' }
    | { readonly kind: 'scalar'; readonly types: readonly string[] }
    | { readonly kind: 'boolean' }
    | { readonly kind: 'json' }
    | {
        readonly kind: 'number';
        readonly isWhole: boolean;
        readonly minimum?: number | undefined;
        readonly maximum?: number | undefined;
      }
    | { readonly kind: 'choice'; readonly choices: readonly Json[] }
    | { readonly kind: 'object'; readonly fields: readonly FormEntry[] }
  );

interface About {
  readonly title?: string | undefined;
  readonly hint?: string | undefined;
  /** Whether nothing typed is `null` where a value is needed. */
  readonly isNullable?: boolean;
}

/** A field of an object. */
interface FormEntry {
  readonly name: string;
  readonly required: boolean;
  readonly field: FormField;
}

/** What was typed, by the JSON pointer of its field. A choice is the number of what was chosen. */
export type Drafts = Readonly<Record<string, string>>;

const SCALARS: ReadonlySet<string> = new Set(['string', 'number', 'integer', 'boolean']);
const LEVELS = 4;
const FIELDS = 100;

const schemaSchema = z.looseObject({
  type: z
    .union([z.string().transform((type) => [type]), z.array(z.string())])
    .optional()
    .catch(['other']),
  title: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  enum: z.array(jsonSchema).min(1).max(200).optional().catch(undefined),
  properties: z.record(z.string(), z.unknown()).optional().catch(undefined),
  required: z.array(z.string()).catch([]),
  minimum: z.number().optional().catch(undefined),
  maximum: z.number().optional().catch(undefined),
});

/** The form of a JSON Schema. */
export function formOf(schema: unknown, level = 0): FormField {
  const parsed = schemaSchema.safeParse(schema);
  if (!parsed.success || 'anyOf' in parsed.data || 'oneOf' in parsed.data || 'allOf' in parsed.data || '$ref' in parsed.data)
    return { kind: 'json' };
  const { type: types = [], title, description: hint, enum: choices, properties, required, minimum, maximum } = parsed.data;
  const isNullable = types.includes('null');
  const about = { title, hint, ...(isNullable ? { isNullable } : {}) };
  const [type, ...others] = types.filter((one) => one !== 'null');
  if (choices !== undefined) return { ...about, kind: 'choice', choices };
  if (others.length > 0)
    return SCALARS.has(type ?? '') && others.every((one) => SCALARS.has(one))
      ? { ...about, kind: 'scalar', types: [type ?? '', ...others] }
      : { ...about, kind: 'json' };
  if (type === 'string') return { ...about, kind: 'text' };
  if (type === 'boolean') return { ...about, kind: 'boolean' };
  if (type === 'number' || type === 'integer') return { ...about, kind: 'number', isWhole: type === 'integer', minimum, maximum };
  const entries = Object.entries(properties ?? {});
  if (type !== 'object' || entries.length === 0 || entries.length > FIELDS || level >= LEVELS) return { ...about, kind: 'json' };
  const fields = entries.map(([name, inner]) => ({ name, required: required.includes(name), field: formOf(inner, level + 1) }));
  return { ...about, kind: 'object', fields };
}

/** The pointer of a field of an object (RFC 6901). */
export function pointerOf(parent: string, name: string): string {
  return `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** What was typed as a value, and what is wrong with it by pointer; `undefined` for what is left out. */
export function valueOf(
  field: FormField,
  drafts: Drafts,
  { pointer = '', required = true }: { pointer?: string; required?: boolean } = {},
): { value: Json | undefined; problems: ReadonlyMap<string, string> } {
  if (field.kind === 'object') return objectOf(field.fields, drafts, pointer);
  const typed = drafts[pointer] ?? '';
  const wrong = (problem: string): ReturnType<typeof valueOf> => ({ value: undefined, problems: new Map([[pointer, problem]]) });
  const good = (value: Json | undefined): ReturnType<typeof valueOf> => ({ value, problems: new Map() });
  if (field.kind === 'text') return good(typed !== '' ? typed : !required ? undefined : field.isNullable === true ? null : '');
  if (typed.trim() === '' && required && field.isNullable === true) return good(null);
  if (typed.trim() === '') return required ? wrong('A value is needed') : good(undefined);
  if (field.kind === 'scalar') {
    const value = scalarOf(typed, field.types);
    return value === undefined ? wrong(`One of: ${field.types.join(', ')}`) : good(value);
  }
  if (field.kind === 'boolean') return good(typed === 'true');
  if (field.kind === 'choice') return good(field.choices[Number(typed)]);
  if (field.kind === 'json') {
    const parsed = parseJson(typed);
    return parsed === undefined ? wrong('This is no JSON') : good(parsed);
  }
  const number = Number(typed);
  if (!Number.isFinite(number)) return wrong('This is no number');
  if (field.isWhole && !Number.isInteger(number)) return wrong('A whole number is needed');
  if (field.minimum !== undefined && number < field.minimum) return wrong(`At least ${field.minimum}`);
  if (field.maximum !== undefined && number > field.maximum) return wrong(`At most ${field.maximum}`);
  return good(number);
}

function objectOf(fields: readonly FormEntry[], drafts: Drafts, pointer: string): ReturnType<typeof valueOf> {
  const entries: [string, Json][] = [];
  const problems = new Map<string, string>();
  for (const { name, required, field } of fields) {
    const inner = valueOf(field, drafts, { pointer: pointerOf(pointer, name), required });
    if (inner.value !== undefined) entries.push([name, inner.value]);
    for (const [at, problem] of inner.problems) problems.set(at, problem);
  }
  return { value: Object.fromEntries(entries), problems };
}

/** What would have to be typed for a value; fields that the form does not have are lost, which `fits` tells. */
export function draftsOf(field: FormField, value: Json | undefined, pointer = ''): Drafts {
  if (value === undefined) return {};
  if (field.kind === 'object') {
    if (!isObject(value)) return {};
    return Object.assign(
      {},
      ...field.fields.map(({ name, field: inner }) => draftsOf(inner, value[name], pointerOf(pointer, name))),
    ) as Drafts;
  }
  if (field.kind === 'choice') {
    const at = field.choices.findIndex((choice) => JSON.stringify(choice) === JSON.stringify(value));
    return at === -1 ? {} : { [pointer]: String(at) };
  }
  if (value === null && field.isNullable === true) return {};
  if (field.kind === 'text') return typeof value === 'string' ? { [pointer]: value } : {};
  if (field.kind === 'scalar' && typeof value === 'string')
    return { [pointer]: scalarOf(value, field.types) === value ? value : JSON.stringify(value) };
  return { [pointer]: JSON.stringify(value) };
}

/** Whether the form can show a value and would give the same one again. */
export function fits(field: FormField, value: Json): boolean {
  const { value: again, problems } = valueOf(field, draftsOf(field, value));
  return problems.size === 0 && again !== undefined && sorted(again) === sorted(value);
}

/** A number or truth value that is typed so, where the field takes one; what stands in quotes, and everything else, is a text. */
function scalarOf(typed: string, types: readonly string[]): Json | undefined {
  const parsed = parseJson(typed);
  const isNumber =
    typeof parsed === 'number' && (types.includes('number') || (types.includes('integer') && Number.isInteger(parsed)));
  if (isNumber || (typeof parsed === 'boolean' && types.includes('boolean'))) return parsed;
  if (!types.includes('string')) return undefined;
  return typeof parsed === 'string' ? parsed : typed;
}

/** A text as JSON; `undefined` when it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    return jsonSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Json): string {
  return JSON.stringify(value, (_key, inner: Json) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
