import type { Json } from '@loopwright/protocol';
import type { Budget } from '../run/budget.ts';
import { JqError } from '../run/jq-error.ts';
import { splitText } from '../value/arithmetic.ts';
import { kindOf, preview } from '../value/kind.ts';
import { getKey } from '../value/member.ts';
import { isObject } from '../value/object.ts';
import { compare, sortedKeys } from '../value/order.ts';
import { deletePaths, updatePath } from '../value/path.ts';
import { toText } from '../value/text.ts';
import { MATHS, numberOf } from './math.ts';
import { fromTime, parseTime, toSeconds, toTime } from './date.ts';
import { toString } from './format.ts';
import { findMatches } from './regex.ts';

type Native = (input: Json, args: readonly Json[], budget: Budget) => Json;

const arrayOf = (value: Json | undefined, what: string): Json[] => {
  if (Array.isArray(value)) return value;
  throw new JqError(`${preview(value ?? null)} cannot be ${what}, as it is not an array`);
};
const textOf = (value: Json | undefined, what: string): string => {
  if (typeof value === 'string') return value;
  throw new JqError(`${preview(value ?? null)} ${what}`);
};
/** Items with their sort keys, in order. */
function ordered(input: Json, keys: Json | undefined, budget: Budget): { item: Json; key: Json }[] {
  const by = arrayOf(keys, 'sorted');
  const pairs = arrayOf(input, 'sorted').map((item, at) => ({ item, key: by[at] ?? null }));
  budget.spend(pairs.length * 4);
  return pairs.sort((a, b) => compare(a.key, b.key, budget));
}

function grouped(input: Json, keys: Json | undefined, budget: Budget): Json[][] {
  const groups: { key: Json; items: Json[] }[] = [];
  for (const { item, key } of ordered(input, keys, budget)) {
    const last = groups.at(-1);
    if (last !== undefined && compare(last.key, key, budget) === 0) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(({ items }) => items);
}

function extreme(input: Json, keys: Json | undefined, budget: Budget, sign: 1 | -1): Json {
  const by = arrayOf(keys, 'compared');
  let best = -1;
  for (const [at, key] of by.entries()) {
    const order = best < 0 ? 1 : compare(key, by[best] ?? null, budget) * sign;
    if (order > 0 || (order === 0 && sign === 1)) best = at;
  }
  return arrayOf(input, 'compared')[best] ?? null;
}

function has(input: Json, key: Json | undefined): boolean {
  if (isObject(input) && typeof key === 'string') return Object.hasOwn(input, key);
  if (Array.isArray(input) && typeof key === 'number') return key >= 0 && key < input.length;
  throw new JqError(
    `Cannot check whether ${kindOf(input)} has a ${typeof key === 'string' ? 'string' : kindOf(key ?? null)} key`,
  );
}

function contains(a: Json, b: Json, budget: Budget): boolean {
  budget.spend(1);
  if (isObject(a) && isObject(b))
    return Object.entries(b).every(([key, value]) => Object.hasOwn(a, key) && contains(a[key] ?? null, value, budget));
  if (Array.isArray(a) && Array.isArray(b))
    return b.every((part) => a.some((item) => kindOf(item) === kindOf(part) && contains(item, part, budget)));
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b);
  if (kindOf(a) === kindOf(b)) return compare(a, b, budget) === 0;
  throw new JqError(`${preview(a)} and ${preview(b)} cannot have their containment checked`);
}

function flatten(items: readonly Json[], depth: number, budget: Budget): Json[] {
  budget.spend(items.length);
  return items.flatMap((item) => (Array.isArray(item) && depth > 0 ? flatten(item, depth - 1, budget) : [item]));
}

function length(input: Json): Json {
  if (input === null) return 0;
  if (typeof input === 'number') return Math.abs(input);
  if (typeof input === 'string') return Array.from(input).length;
  if (typeof input === 'boolean') throw new JqError(`${preview(input)} has no length`);
  return Array.isArray(input) ? input.length : Object.keys(input).length;
}

function keysOf(input: Json, order: (value: { [key: string]: Json }) => string[]): Json {
  if (Array.isArray(input)) return [...input.keys()];
  if (isObject(input)) return order(input);
  throw new JqError(`${preview(input)} has no keys`);
}

function places(input: Json, part: Json, budget: Budget): number[] | null {
  if (input === null) return null;
  if (typeof input === 'string' && typeof part === 'string') {
    const [text, wanted] = [Array.from(input), Array.from(part)];
    budget.spend(text.length);
    return wanted.length === 0
      ? []
      : text.flatMap((_, at) => (wanted.every((unit, index) => text[at + index] === unit) ? [at] : []));
  }
  if (Array.isArray(input) && !Array.isArray(part))
    return input.flatMap((item, at) => (compare(item, part, budget) === 0 ? [at] : []));
  return getKey(input, part) as number[];
}

/** Where a value is in a sorted array; where it would be put, as -1 - place, when it is not there. */
function search(items: readonly Json[], wanted: Json, budget: Budget): number {
  let from = 0;
  let to = items.length;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const order = compare(items[middle] ?? null, wanted, budget);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return -1 - from;
}

/** The texts with matches replaced: one for each choice among the replacements of each match. */
function edited(text: string, edits: Json | undefined, budget: Budget): string[] {
  const points = Array.from(text);
  let results = [''];
  let at = 0;
  for (const edit of arrayOf(edits, 'edited') as { at: number; length: number; new: Json[] }[]) {
    const kept = points.slice(at, edit.at).join('');
    results = results.flatMap((result) =>
      edit.new.map((made) => {
        if (typeof made !== 'string') throw new JqError(`string (${preview(kept)}) and ${preview(made)} cannot be added`);
        budget.spend(1);
        budget.fits(result.length + kept.length + made.length);
        return result + kept + made;
      }),
    );
    at = edit.at + edit.length;
  }
  const last = points.slice(at).join('');
  return results.map((result) => result + last);
}

function parseJson(input: Json): Json {
  const text = textOf(input, 'only strings can be parsed');
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new JqError(`Invalid JSON text (while parsing '${text.slice(0, 100)}')`);
  }
}

function implode(input: Json): string {
  if (!Array.isArray(input)) throw new JqError('implode input must be an array');
  return input
    .map((point) => {
      if (typeof point !== 'number') throw new JqError('Unicode codepoint must be numeric');
      return point >= 0 && point <= 0x10ffff ? String.fromCodePoint(Math.trunc(point)) : '\uFFFD';
    })
    .join('');
}

function toNumber(input: Json): Json {
  if (typeof input === 'number') return input;
  const text = textOf(input, 'cannot be parsed as a number');
  if (!/^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw new JqError(`Cannot parse '${text}' as a number`);
  return Number(text);
}

const ascii =
  (range: RegExp, shift: number): Native =>
  (input) =>
    textOf(input, 'is not a string').replaceAll(range, (letter) => String.fromCharCode(letter.charCodeAt(0) + shift));

/** Functions of values, by name and number of parameters. */
export const NATIVES: Readonly<Record<string, Native>> = {
  ...MATHS,
  'type/0': kindOf,
  'length/0': length,
  'utf8bytelength/0': (input) => Buffer.byteLength(textOf(input, 'only strings have UTF-8 byte length')),
  'keys/0': (input) => keysOf(input, sortedKeys),
  'keys_unsorted/0': (input) => keysOf(input, Object.keys),
  'has/1': (input, [key]) => has(input, key),
  'contains/1': (input, [part], budget) => contains(input, part ?? null, budget),
  'setpath/2': (input, [path, value]) => updatePath(input, Array.isArray(path) ? path : textPath(), () => value ?? null),
  'delpaths/1': (input, [paths]) =>
    deletePaths(
      input,
      arrayOf(paths, 'deleted').map((path) => (Array.isArray(path) ? path : textPath())),
    ),
  'sort/0': (input, _, budget) => ordered(input, input, budget).map(({ item }) => item),
  '_sort_by/1': (input, [by], budget) => ordered(input, by, budget).map(({ item }) => item),
  '_group_by/1': (input, [by], budget) => grouped(input, by, budget),
  'min/0': (input, _, budget) => extreme(input, input, budget, -1),
  'max/0': (input, _, budget) => extreme(input, input, budget, 1),
  '_min_by/1': (input, [by], budget) => extreme(input, by, budget, -1),
  '_max_by/1': (input, [by], budget) => extreme(input, by, budget, 1),
  'reverse/0': (input) =>
    typeof input === 'string'
      ? Array.from(input).toReversed().join('')
      : input === null
        ? []
        : arrayOf(input, 'reversed').toReversed(),
  'flatten/0': (input, _, budget) =>
    flatten(arrayOf(isObject(input) ? Object.values(input) : input, 'flattened'), Number.POSITIVE_INFINITY, budget),
  'flatten/1': (input, [depth], budget) => {
    if (numberOf(depth) < 0) throw new JqError('flatten depth must not be negative');
    return flatten(arrayOf(isObject(input) ? Object.values(input) : input, 'flattened'), numberOf(depth), budget);
  },
  'indices/1': (input, [part], budget) => places(input, part ?? null, budget),
  'index/1': (input, [part], budget) => places(input, part ?? null, budget)?.[0] ?? null,
  'rindex/1': (input, [part], budget) => places(input, part ?? null, budget)?.at(-1) ?? null,
  'tojson/0': (input, _, budget) => toText(input, budget),
  'fromjson/0': parseJson,
  'tostring/0': (input, _, budget) => toString(input, budget),
  'tonumber/0': toNumber,
  'explode/0': (input) => Array.from(textOf(input, 'cannot be exploded'), (character) => character.codePointAt(0) ?? 0),
  'implode/0': implode,
  'ascii_downcase/0': ascii(/[A-Z]/g, 32),
  'ascii_upcase/0': ascii(/[a-z]/g, -32),
  'startswith/1': (input, [part]) =>
    textOf(input, 'startswith() requires string inputs').startsWith(textOf(part, 'startswith() requires string inputs')),
  'endswith/1': (input, [part]) =>
    textOf(input, 'endswith() requires string inputs').endsWith(textOf(part, 'endswith() requires string inputs')),
  'ltrimstr/1': (input, [part]) =>
    typeof input === 'string' && typeof part === 'string' && input.startsWith(part) ? input.slice(part.length) : input,
  'rtrimstr/1': (input, [part]) =>
    typeof input === 'string' && typeof part === 'string' && part !== '' && input.endsWith(part)
      ? input.slice(0, -part.length)
      : input,
  'trim/0': (input) => textOf(input, 'cannot be trimmed').trim(),
  'ltrim/0': (input) => textOf(input, 'cannot be trimmed').trimStart(),
  'rtrim/0': (input) => textOf(input, 'cannot be trimmed').trimEnd(),
  'split/1': (input, [part], budget) =>
    splitText(
      textOf(input, 'split input and separator must be strings'),
      textOf(part, 'split input and separator must be strings'),
      budget,
    ),
  'bsearch/1': (input, [wanted], budget) => search(arrayOf(input, 'searched from'), wanted ?? null, budget),
  '_edited/1': (input, [edits], budget) => edited(textOf(input, 'cannot be matched, as it is not a string'), edits, budget),
  // Numbers keep no more digits than a double has.
  'have_literal_numbers/0': () => true,
  'have_decnum/0': () => false,
  // There is no further input.
  'input_line_number/0': () => 0,
  '_match/2': (input, [pattern, flags], budget) => findMatches(input, pattern ?? null, flags ?? null, budget),
  'toarray/0': (input) => (Array.isArray(input) ? input : [input]),
  'gmtime/0': (input) => toTime(numberOf(input)),
  'mktime/0': (input) => toSeconds(input),
  'strftime/1': (input, [format]) => fromTime(input, format ?? null),
  'strptime/1': (input, [format]) => parseTime(input, format ?? null),
};

function textPath(): never {
  throw new JqError('Path must be specified as an array');
}
