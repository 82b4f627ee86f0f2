import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json, JsonObject } from '@loopwright/protocol';
import fc from 'fast-check';
import { compileJq } from './program.ts';

/** The outputs of a program over `$a`, `$b` and `$c`. */
function run(source: string, a: Json, b: Json = null, c: Json = null): Json[] {
  const outputs: Json[] = [];
  compileJq(source, ['a', 'b', 'c'])(null, { a, b, c }, (value) => {
    outputs.push(value);
    return false;
  });
  return outputs;
}

const key = fc.constantFrom('a', 'b', 'c');
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Json>(null, true, false, 0, 1, -2.5, 'x', '', '\u{1F600}', '\uFFFD'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

/** Every path of a value with its part, the root first, as `paths` goes. */
function partsOf(part: Json, at: readonly (string | number)[] = []): [(string | number)[], Json][] {
  const members: [string | number, Json][] =
    part === null || typeof part !== 'object' ? [] : Array.isArray(part) ? [...part.entries()] : Object.entries(part);
  return [[[...at], part], ...members.flatMap(([name, inner]) => partsOf(inner, [...at, name]))];
}

/** A copy with one part replaced, or left out when `change` gives nothing. */
function changed(
  whole: Json,
  [first, ...rest]: readonly (string | number)[],
  change: (part: Json) => Json | undefined,
): Json | undefined {
  if (first === undefined) return change(whole);
  const copy = structuredClone(whole) as JsonObject | Json[];
  const inner = changed((copy as JsonObject)[first] ?? null, rest, change);
  if (inner !== undefined) (copy as JsonObject)[first] = inner;
  else if (Array.isArray(copy)) copy.splice(Number(first), 1);
  else delete copy[first];
  return copy;
}

const RANKS: Readonly<Record<string, number>> = { null: 0, false: 1, true: 2, number: 3, string: 4, array: 5, object: 6 };

/** jq's order, told once more and simply: by kind, then by content. */
function order(left: Json, right: Json): number {
  const kind = (one: Json): string =>
    one === null || typeof one === 'boolean' ? String(one) : Array.isArray(one) ? 'array' : typeof one;
  const difference = (RANKS[kind(left)] ?? 0) - (RANKS[kind(right)] ?? 0);
  if (difference !== 0) return difference;
  if (typeof left === 'number') return left - Number(right);
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  if (Array.isArray(left)) {
    const other = right as Json[];
    const place = left.findIndex((item, index) => index >= other.length || order(item, other[index] ?? null) !== 0);
    if (place === -1) return left.length - other.length;
    return place >= other.length ? 1 : order(left[place] ?? null, other[place] ?? null);
  }
  if (left === null || typeof left !== 'object') return 0;
  const names = (one: Json): string[] => Object.keys(one as JsonObject).toSorted(order);
  const byNames = order(names(left), names(right));
  if (byNames !== 0) return byNames;
  const values = (one: Json): Json[] => names(one).map((name) => (one as JsonObject)[name] ?? null);
  return order(values(left), values(right));
}

describe('jq against simple models', () => {
  const partOf = value.chain((whole) => fc.constantFrom(...partsOf(whole)).map(([path]) => ({ whole, path })));

  it('finds every part by its path', () => {
    fc.assert(
      fc.property(value, (whole) => {
        const parts = partsOf(whole);
        assert.deepEqual(run('[$a | path(..)]', whole), [parts.map(([path]) => path)]);
        assert.deepEqual(
          run(
            '[$a | getpath($b[])]',
            whole,
            parts.map(([path]) => path),
          ),
          [parts.map(([, part]) => part)],
        );
      }),
    );
  });

  it('sets, changes and deletes a part, and nothing else', () => {
    fc.assert(
      fc.property(partOf, value, ({ whole, path }, replacement) => {
        const expected = changed(whole, path, () => replacement);
        assert.deepEqual(run('$a | setpath($b; $c), (getpath($b) = $c), (getpath($b) |= $c)', whole, path, replacement), [
          expected,
          expected,
          expected,
        ]);
        assert.deepEqual(run('$a | getpath($b) |= [.]', whole, path), [changed(whole, path, (part) => [part])]);
        const without = changed(whole, path, () => undefined) ?? null;
        assert.deepEqual(run('$a | delpaths([$b]), del(getpath($b))', whole, path), [without, without]);
      }),
    );
  });

  it('orders all values', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), (items) => {
        assert.deepEqual(run('$a | sort, (sort | min), max', items), [
          items.toSorted(order),
          items.toSorted(order)[0] ?? null,
          items.toSorted(order).at(-1) ?? null,
        ]);
        assert.deepEqual(run('[$a[] as $x | $a[] | [$x < ., $x == .]]', items), [
          items.flatMap((x) => items.map((y) => [order(x, y) < 0, order(x, y) === 0])),
        ]);
      }),
    );
  });

  it('reads back the text that it writes', () => {
    fc.assert(fc.property(value, (whole) => assert.deepEqual(run('$a | tojson | fromjson', whole), [whole])));
  });
});

describe('regular expressions', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', 'é', '\\d', '\\w', '(?=b)', '(?!a)', '(?<=a)', '\\b');
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 3 },
      atom,
      fc
        .tuple(fc.constantFrom('a', 'b', '[ab]', '(?:ab|b)'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}'))
        .map((parts) => parts.join('')),
      fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
      fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `(?:${one}|${other})`),
      tie('pattern').map((inner) => `(${inner})`),
    ),
  }));
  const text = fc.array(fc.constantFrom('a', 'b', 'é', '1', '-', '\u{1F600}'), { maxLength: 8 }).map((parts) => parts.join(''));

  it('match where those of JavaScript match, in what both have', () => {
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        // JavaScript's \w knows no letters but those of ASCII.
        const script = new RegExp(
          source
            .replaceAll('\\w', '[a-z0-9é_]')
            .replaceAll('\\b', '(?:(?<=[a-z0-9é_])(?![a-z0-9é_])|(?<![a-z0-9é_])(?=[a-z0-9é_]))'),
          'gu',
        );
        const expected = Array.from(given.matchAll(script), ({ 0: all, index, ...groups }) => [
          Array.from(given.slice(0, index)).length,
          all,
          Object.entries(groups).flatMap(([name, group]) => (/^\d+$/.test(name) ? [group ?? null] : [])),
        ]);
        assert.deepEqual(run('[$a | match($b; "g") | [.offset, .string, [.captures[].string]]]', given, source), [expected]);
      }),
      { numRuns: 500 },
    );
  });
});
