import type { Choose } from '../choices.ts';

/** Values that break what takes them as they are: types, sizes, unicode, numbers at their ends, names of prototypes, paths. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  -0,
  '',
  ' ',
  'null',
  '\u0000',
  '\uD800',
  '\uFEFF\u202Eevil',
  'e\u0301'.repeat(50),
  'x'.repeat(10_000),
  '../../../../etc/passwd',
  '..\\..\\windows',
  '/etc/passwd',
  'C:\\x',
  'file:///etc/passwd',
  '%2e%2e%2f',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '${7*7}',
  '${ input }',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '\u001B[2J\u001B[31m',
  'a\r\nset-cookie: x=1',
  '9'.repeat(400),
  '2026-13-45T99:99:99Z',
  [],
  {},
  [[[[[[]]]]]],
  Array.from({ length: 500 }, (_, index) => index),
];

/** Keys that must never reach a prototype. */
const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '\u0000',
  'x'.repeat(1000),
  'then',
];

/** Gives hostile values, and spoils good ones in one place. */
export class HostileValues {
  readonly #choose: Choose;

  constructor(choose: Choose) {
    this.#choose = choose;
  }

  /** Any hostile value. */
  value(): unknown {
    return this.#one(HOSTILE);
  }

  /** A hostile text, such as stands in a path or a query. */
  text(): string {
    const value = this.value();
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  /** JSON text that is hostile as a whole: cut off, nested deeply, with doubled or poisonous keys. */
  json(): string {
    const depth = 50 + this.#choose(20_000);
    return this.#one([
      '{',
      '[1,2',
      '"open',
      'nul',
      '{"a":1,"a":2}',
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      `${'['.repeat(depth)}${']'.repeat(depth)}`,
      `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
      `{"a":${'9'.repeat(5000)}}`,
      `{"a":1e99999}`,
      '\uFEFF{}',
      '{"a":"\\ud800"}',
      `[${'0,'.repeat(5000)}0]`,
      '',
      ' '.repeat(1000),
      JSON.stringify(this.value()),
    ]);
  }

  /** A copy of a value in which one place is something else, is gone, or is one too many. */
  spoil(value: unknown): unknown {
    if (this.#choose(100) < 15 || typeof value !== 'object' || value === null) return this.value();
    if (Array.isArray(value)) {
      if (value.length === 0 || this.#choose(100) < 30) return [...value, this.value()];
      const at = this.#choose(value.length);
      return value.map((item, index) => (index === at ? this.spoil(item) : item));
    }
    const copy: Record<string, unknown> = { ...value };
    const names = Object.keys(copy);
    const way = this.#choose(100);
    if (names.length === 0 || way < 25)
      Object.defineProperty(copy, this.#one(HOSTILE_KEYS), { value: this.value(), enumerable: true });
    else if (way < 45) delete copy[this.#one(names)];
    else {
      const name = this.#one(names);
      copy[name] = this.spoil(copy[name]);
    }
    return copy;
  }

  #one<T>(values: readonly T[]): T {
    return values[this.#choose(values.length)] as T;
  }
}
