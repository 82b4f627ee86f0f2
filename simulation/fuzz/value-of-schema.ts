import type { Choose } from '../choices.ts';

/** A JSON Schema as the OpenAPI document has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Where the named schemas of a document stand. */
export type Schemas = Readonly<Record<string, Schema>>;

/** How deep a generated value is at the most. */
const DEPTH_LIMIT = 6;

/** Gives random values that a schema allows, as far as its keywords are known here; what they are not is refused by the server, which is a test as well. */
export class SchemaValues {
  readonly #choose: Choose;
  readonly #schemas: Schemas;

  constructor(choose: Choose, schemas: Schemas) {
    this.#choose = choose;
    this.#schemas = schemas;
  }

  /** One value. */
  of(schema: Schema, depth = 0): unknown {
    const reference = schema['$ref'];
    if (typeof reference === 'string') return this.of(this.#schemas[reference.split('/').at(-1) ?? ''] ?? {}, depth + 1);
    if (schema['const'] !== undefined) return schema['const'];
    const fixed = asArray(schema['enum']);
    if (fixed.length > 0) return this.#one(fixed);
    const branches = [...asArray(schema['anyOf']), ...asArray(schema['oneOf'])].filter(isSchema);
    if (branches.length > 0) return depth > DEPTH_LIMIT ? null : this.of(this.#one(branches), depth + 1);
    const type = Array.isArray(schema['type']) ? this.#one(schema['type']) : schema['type'];
    if (type === 'object') return this.#object(schema, depth);
    if (type === 'array') return this.#array(schema, depth);
    if (type === 'string') return this.#text(schema);
    if (type === 'integer') return Math.round(this.#number(schema));
    if (type === 'number') return this.#number(schema);
    if (type === 'boolean') return this.#choose(100) < 50;
    return this.#one([null, 0, 'text', true, [], {}, { nested: [1, null] }]);
  }

  #object(schema: Schema, depth: number): Record<string, unknown> {
    const required = new Set(asArray(schema['required']));
    const result: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(isSchema(schema['properties']) ? schema['properties'] : {})) {
      if (!isSchema(property) || (!required.has(name) && (depth > DEPTH_LIMIT || this.#choose(100) < 50))) continue;
      result[name] = this.of(property, depth + 1);
    }
    const more = schema['additionalProperties'];
    if (isSchema(more) && depth < DEPTH_LIMIT)
      for (let count = this.#choose(3); count > 0; count -= 1) result[this.#word()] = this.of(more, depth + 1);
    return result;
  }

  #array(schema: Schema, depth: number): unknown[] {
    const least = numberOr(schema['minItems'], 0);
    const length = depth > DEPTH_LIMIT ? least : least + this.#choose(3);
    const items = isSchema(schema['items']) ? schema['items'] : {};
    return Array.from({ length }, () => this.of(items, depth + 1));
  }

  #text(schema: Schema): string {
    const format = schema['format'];
    if (format === 'date-time') return '2026-01-31T12:00:00Z';
    if (format === 'date') return '2026-01-31';
    if (format === 'uuid') return `${'0'.repeat(8)}-0000-4000-8000-${String(this.#choose(1e9)).padStart(12, '0')}`;
    if (format === 'uri') return 'https://example.com/path';
    const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : '';
    if (pattern.includes('[0-9a-f]{64}')) return this.#choose(16).toString(16).repeat(64);
    if (pattern.startsWith(String.raw`^\d`)) return String(this.#choose(100));
    const word = this.#word();
    return word.padEnd(numberOr(schema['minLength'], 0), 'x').slice(0, numberOr(schema['maxLength'], 100));
  }

  #number(schema: Schema): number {
    const least = numberOr(schema['minimum'] ?? schema['exclusiveMinimum'], 0);
    const most = Math.min(numberOr(schema['maximum'] ?? schema['exclusiveMaximum'], least + 100), least + 1e6);
    return this.#choose(100) < 20 ? least : least + (this.#choose(1000) / 1000) * (most - least);
  }

  #word(): string {
    return this.#one(['alpha', 'b', 'review', 'Zażółć', '数据', 'a b', 'x_1', 'e\u0301', '🙂']);
  }

  #one<T>(values: readonly T[]): T {
    const value = values[this.#choose(values.length)];
    if (value === undefined) throw new RangeError('Cannot choose: there is nothing');
    return value;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
