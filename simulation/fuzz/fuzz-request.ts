import { type Operation, exampleOf } from '../../apps/server/src/http/manners/openapi-operations.ts';
import type { Choose } from '../choices.ts';
import { HostileValues } from './hostile-values.ts';
import { type Schema, SchemaValues, type Schemas } from './value-of-schema.ts';

/** One request that is sent. */
export interface FuzzRequest {
  readonly kind: 'valid' | 'mutated' | 'hostile';
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const HEADERS: readonly (readonly [string, string])[] = [
  ['idempotency-key', 'one-key'],
  ['idempotency-key', 'x'.repeat(300)],
  ['idempotency-key', ''],
  ['if-none-match', '*'],
  ['if-none-match', 'W/"'.repeat(500)],
  ['if-match', '"x", "y"'],
  ['accept', 'text/event-stream'],
  ['accept', '*/*;q=0.0.0'],
  ['range', 'bytes=-1-5,9-1,0-'],
  ['x-request-id', '\u00FF'.repeat(20)],
  ['x-user-id', '../admin'],
  ['x-user-id', 'x'.repeat(5000)],
  ['authorization', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'],
  ['authorization', 'Basic Og=='],
  ['authorization', 'Bearer '],
  ['cookie', `a=${'b'.repeat(3000)}; __proto__=1`],
  ['traceparent', '00-zz-zz-zz'],
  ['x-forwarded-for', '127.0.0.1, 10.0.0.1'],
  ['x-http-method-override', 'DELETE'],
  ['content-encoding', 'gzip'],
  ['last-event-id', 'NaN'],
  ['prefer', 'respond-async, wait=-1'],
  ['origin', 'https://evil.example'],
  ['expect', 'x'],
];
const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'x/y; a="',
  '',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'];

/** Makes requests for the operations of an OpenAPI document: as it says, spoilt in one place, or hostile as a whole. */
export class FuzzRequests {
  readonly #choose: Choose;
  readonly #operations: readonly Operation[];
  readonly #values: SchemaValues;
  readonly #hostile: HostileValues;
  /** Texts that answers gave, by the name of their field: ids lead to what is there. */
  readonly #seen: Map<string, string[]>;

  constructor(choose: Choose, parts: { operations: readonly Operation[]; schemas: Schemas; seen: Map<string, string[]> }) {
    this.#choose = choose;
    this.#operations = parts.operations;
    this.#seen = parts.seen;
    this.#values = new SchemaValues(choose, parts.schemas);
    this.#hostile = new HostileValues(choose);
  }

  /** The next request. */
  next(): FuzzRequest {
    const operation = this.#one(this.#operations);
    const kind = this.#one(['valid', 'valid', 'mutated', 'mutated', 'hostile'] as const);
    const method = kind === 'hostile' && this.#choose(5) === 0 ? this.#one(METHODS) : operation.method;
    const headers: Record<string, string> = {};
    const body = method === 'GET' || method === 'HEAD' ? undefined : this.#body(operation, kind, headers);
    if (kind !== 'valid' && this.#choose(3) === 0) {
      const [name, value] = this.#one(HEADERS);
      headers[name] = value;
    }
    return { kind, operation, method, path: this.#path(operation, kind), headers, body };
  }

  #path(operation: Operation, kind: FuzzRequest['kind']): string {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
      if (kind === 'hostile' && this.#choose(2) === 0) return encode(this.#hostile.text());
      const known = this.#seen.get(name) ?? [];
      if (known.length > 0 && this.#choose(8) > 0) return encode(this.#one(known));
      const schema = operation.parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema;
      return encode(String(this.#values.of(schema ?? {})));
    });
    const query = operation.parameters
      .filter((parameter) => parameter.in === 'query')
      .flatMap(({ name, schema }) => {
        if (this.#choose(3) > 0) return [];
        const isBad = kind !== 'valid' && this.#choose(2) === 0;
        return [`${encode(name)}=${encode(isBad ? this.#hostile.text() : String(this.#values.of(schema ?? {})))}`];
      });
    if (kind === 'hostile' && this.#choose(4) === 0)
      query.push(this.#one(['a[]=1', '__proto__[x]=1', 'limit=1&limit=2', '%', '%ff=%00', '&&&==', 'x'.repeat(3000)]));
    return query.length === 0 ? path : `${path}?${query.join('&')}`;
  }

  #body(operation: Operation, kind: FuzzRequest['kind'], headers: Record<string, string>): string | undefined {
    const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    if (type === undefined && kind !== 'hostile') return undefined;
    headers['content-type'] = kind === 'hostile' && this.#choose(4) === 0 ? this.#one(TYPES) : (type ?? 'application/json');
    if (type !== undefined && type !== 'application/json') return this.#lines(kind);
    if (kind === 'hostile' && this.#choose(2) === 0) return this.#hostile.json();
    const isExample = this.#choose(3) === 0;
    const good = (isExample ? exampleOf(operation) : undefined) ?? this.#values.of((media?.schema ?? {}) satisfies Schema);
    return JSON.stringify(kind === 'valid' ? good : this.#hostile.spoil(good)) ?? 'null';
  }

  /** Labelled examples, one a line. */
  #lines(kind: FuzzRequest['kind']): string {
    const lines = Array.from({ length: 1 + this.#choose(20) }, (_, index) => {
      const example = { input: `text ${index} ${this.#choose(10)}`, output: this.#one(['yes', 'no']) };
      return kind === 'valid' || this.#choose(3) > 0 ? JSON.stringify(example) : this.#hostile.json();
    });
    return `${lines.join('\n')}\n`;
  }

  #one<T>(values: readonly T[]): T {
    return values[this.#choose(values.length)] as T;
  }
}

/** Percent-encoded, lone surrogates and all. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
