import type { Json } from '@loopwright/protocol';

/** A JSON Schema as it stands in a document. */
export type JsonSchema = Readonly<Record<string, Json>>;

/** A field of a JSON value, for a table. */
export interface SchemaRow {
  /** From the root: `budget.cost_usd`, `runs[].run_id`; empty for the value itself. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** Limits, what holds when it is left out, and what it means. */
  readonly notes: string;
}

/** The schemas that others refer to, by name. */
type Named = Readonly<Record<string, JsonSchema>>;

const ROWS = 300;
const LEVELS = 5;
/** Names that say all there is to say. */
const KNOWN: Readonly<Record<string, string>> = { Json: 'any JSON', JsonInput: 'any JSON' };

/** The fields of what a schema describes, the deepest ones behind those that hold them. Several forms of one value are put together: a field that not all of them need is optional. */
export function schemaRows(schema: JsonSchema, named: Named): readonly SchemaRow[] {
  const rows: SchemaRow[] = [];
  const walk = (at: JsonSchema, { name, required, level }: { name: string; required: boolean; level: number }): void => {
    if (rows.length >= ROWS) return;
    const forms = formsOf(at, named);
    const fields = fieldsOf(forms);
    // An object that is the whole value needs no row of its own.
    if (name !== '' || fields.size === 0) rows.push({ name, required, type: typeOf(at, named), notes: notesOf(at, forms) });
    if (level >= LEVELS) return;
    for (const [key, field] of fields)
      walk(field.schema, { name: name === '' ? key : `${name}.${key}`, required: field.required, level: level + 1 });
    for (const item of partsOf(forms, 'items')) if (fieldsOf(formsOf(item, named)).size > 0) walkInside(item, `${name}[]`, level);
    for (const value of partsOf(forms, 'additionalProperties'))
      if (fieldsOf(formsOf(value, named)).size > 0) walkInside(value, name === '' ? '*' : `${name}.*`, level);
  };
  const walkInside = (inner: JsonSchema, name: string, level: number): void => {
    for (const [key, field] of fieldsOf(formsOf(inner, named)))
      walk(field.schema, { name: `${name}.${key}`, required: field.required, level: level + 1 });
  };
  walk(schema, { name: '', required: true, level: 0 });
  return rows;
}

/** What a value is, in words: `text`, `"manual" or "auto"`, `list of whole number`, `object or null`. */
export function typeOf(schema: JsonSchema, named: Named): string {
  const { $ref: ref, anyOf, oneOf, const: constant, enum: choices, items } = schema;
  if (typeof ref === 'string') {
    const name = nameOf(ref);
    const target = named[name];
    return KNOWN[name] ?? (target === undefined ? name : typeOf(target, named));
  }
  const variants = schemasIn(anyOf ?? oneOf);
  if (variants.length > 0) return [...new Set(variants.map((one) => typeOf(one, named)))].join(' or ');
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(' or ');
  const { type } = schema;
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, named)).join(' or ');
  if (type === 'array') return `list of ${isSchema(items) ? typeOf(items, named) : 'any JSON'}`;
  return typeof type === 'string' ? wordOf(type, schema['format']) : 'any JSON';
}

/** A value that a schema takes, with what must be there only; for showing how a request looks. */
export function exampleOf(schema: JsonSchema, named: Named, level = 0): Json {
  const { $ref: ref, anyOf, oneOf, const: constant, enum: choices, type, default: standard, examples, items } = schema;
  if (Array.isArray(examples) && examples[0] !== undefined) return examples[0];
  if (standard !== undefined) return standard;
  if (constant !== undefined) return constant;
  if (Array.isArray(choices)) return choices[0] ?? null;
  const target = typeof ref === 'string' ? named[nameOf(ref)] : schemasIn(anyOf ?? oneOf)[0];
  if (level > LEVELS) return null;
  if (target !== undefined) return exampleOf(target, named, level + 1);
  const one = Array.isArray(type) ? type[0] : type;
  if (one === 'object')
    return Object.fromEntries(
      [...fieldsOf([schema])].flatMap(([key, field]) =>
        field.required ? [[key, exampleOf(field.schema, named, level + 1)] as const] : [],
      ),
    );
  if (one === 'array') return Number(schema['minItems'] ?? 0) > 0 && isSchema(items) ? [exampleOf(items, named, level + 1)] : [];
  if (one === 'integer' || one === 'number') return Number(schema['minimum'] ?? 0) > 0 ? Number(schema['minimum']) : 1;
  return one === 'boolean' ? true : one === 'string' ? '…' : null;
}

function wordOf(type: string, format: Json | undefined): string {
  if (format === 'date-time') return 'instant';
  if (format === 'date') return 'day';
  return { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false' }[type] ?? type;
}

/** The forms that a value can have, without references and without `null`. */
function formsOf(schema: JsonSchema, named: Named, level = 0): readonly JsonSchema[] {
  const { $ref: ref, anyOf, oneOf } = schema;
  if (typeof ref === 'string') {
    const name = nameOf(ref);
    const target = KNOWN[name] === undefined && level < LEVELS ? named[name] : undefined;
    return target === undefined ? [] : formsOf(target, named, level + 1);
  }
  const variants = schemasIn(anyOf ?? oneOf);
  return variants.length > 0 ? variants.flatMap((one) => formsOf(one, named, level)) : [schema];
}

function fieldsOf(forms: readonly JsonSchema[]): ReadonlyMap<string, { schema: JsonSchema; required: boolean }> {
  const objects = forms.filter((form) => isSchema(form['properties']));
  const fields = new Map<string, { schema: JsonSchema; required: boolean; forms: number }>();
  for (const form of objects)
    for (const [key, schema] of Object.entries(form['properties'] as Record<string, Json>)) {
      if (!isSchema(schema)) continue;
      const required = Array.isArray(form['required']) && form['required'].includes(key);
      const before = fields.get(key);
      const joined = before === undefined ? schema : either(before.schema, schema);
      fields.set(key, { schema: joined, required: required && before?.required !== false, forms: (before?.forms ?? 0) + 1 });
    }
  return new Map(
    [...fields].map(([key, { schema, required, forms: count }]) => [
      key,
      { schema, required: required && count === objects.length },
    ]),
  );
}

function either(one: JsonSchema, other: JsonSchema): JsonSchema {
  return JSON.stringify(one) === JSON.stringify(other) ? one : { anyOf: [one, other] };
}

function partsOf(forms: readonly JsonSchema[], key: string): readonly JsonSchema[] {
  return forms.map((form) => form[key]).filter(isSchema);
}

function notesOf(schema: JsonSchema, forms: readonly JsonSchema[]): string {
  const { description, default: standard } = schema;
  const [form = schema] = forms;
  const notes = [
    typeof description === 'string' ? description : '',
    range(form, ['minLength', 'maxLength'], 'characters'),
    range(form, ['minimum', 'maximum'], ''),
    range(form, ['minItems', 'maxItems'], 'entries'),
    typeof form['pattern'] === 'string' && form['format'] === undefined && form['pattern'].length <= 80
      ? `as ${form['pattern']}`
      : '',
    standard === undefined ? '' : `left out: ${JSON.stringify(standard)}`,
  ];
  return notes.filter((note) => note !== '').join('; ');
}

/** Limits that are any; those of what a number can be at all are none. */
function range(schema: JsonSchema, [from, to]: readonly [string, string], unit: string): string {
  const limit = (key: string): number | undefined => {
    const value = schema[key];
    return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
  };
  const [low, high] = [limit(from), limit(to)];
  const end = unit === '' ? '' : ` ${unit}`;
  if (low !== undefined && high !== undefined) return `${low} to ${high}${end}`;
  if (low !== undefined) return `${low}${end} at the least`;
  return high === undefined ? '' : `${high}${end} at the most`;
}

function schemasIn(value: Json | undefined): readonly JsonSchema[] {
  return Array.isArray(value) ? value.filter(isSchema) : [];
}

function isSchema(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(ref: string): string {
  return ref.split('/').at(-1) ?? ref;
}
