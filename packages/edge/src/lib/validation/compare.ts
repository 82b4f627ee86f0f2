import { type ComparisonMethod, type Json, type JsonObject, canonicalJson } from '@loopwright/protocol';

/** How the output of a program is compared with what an oracle said. */
export interface Comparison {
  /** `semantic`: the model of the control plane judges where they are not the same; this module only says whether they are. */
  readonly method: ComparisonMethod;
  /** From which similarity on two outputs match; not with `exact`. */
  readonly threshold: number;
  /** How single fields are compared with `structured`; `exact` for those that are not named. */
  readonly fields: Readonly<Record<string, 'exact' | 'fuzzy' | 'ignore'>>;
}

/** What came of a comparison. */
export interface Compared {
  readonly match: boolean;
  /** 0 to 1. */
  readonly similarity: number;
  /** Fields that do not match, with `structured`. */
  readonly fields: readonly string[];
}

/** Texts that are longer are compared by their words: the distance of letters costs the product of the lengths. */
const DISTANCE_CHARACTERS = 500;
const FIELDS = 200;

/** Compares an output with the right one. Texts are equal without regard to case and outer spaces, as in the source. */
export function compareOutputs(given: Json, right: Json, { method, threshold, fields }: Comparison): Compared {
  if (method === 'exact' || method === 'semantic') return whole(isSame(given, right) ? 1 : 0, 1);
  if (method === 'fuzzy' || !isObject(given) || !isObject(right)) return whole(similarityOf(given, right), threshold);
  const names = [...new Set([...Object.keys(right), ...Object.keys(given)])].filter((name) => fields[name] !== 'ignore');
  const wrong = names.filter(
    (name) => !isFieldSame([given[name], right[name]], { isFuzzy: fields[name] === 'fuzzy', threshold }),
  );
  const similarity = names.length === 0 ? 1 : (names.length - wrong.length) / names.length;
  return { match: similarity >= threshold, similarity, fields: wrong.slice(0, FIELDS) };
}

function whole(similarity: number, threshold: number): Compared {
  return { match: similarity >= threshold, similarity, fields: [] };
}

function isFieldSame(
  [given, right]: readonly [Json | undefined, Json | undefined],
  { isFuzzy, threshold }: { isFuzzy: boolean; threshold: number },
): boolean {
  if (given === undefined || right === undefined) return given === right;
  return isFuzzy ? similarityOf(given, right) >= threshold : isSame(given, right);
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isSame(given: Json, right: Json): boolean {
  if (typeof given === 'string' && typeof right === 'string') return plain(given) === plain(right);
  return canonicalJson(given) === canonicalJson(right);
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

/** 1 for equal values; for numbers by their relative distance, for all else by that of their texts. */
function similarityOf(given: Json, right: Json): number {
  if (isSame(given, right)) return 1;
  if (typeof given === 'number' && typeof right === 'number')
    return Math.max(0, 1 - Math.abs(given - right) / Math.max(Math.abs(given), Math.abs(right)));
  const [one, other] = [given, right].map((value) => plain(typeof value === 'string' ? value : canonicalJson(value))) as [
    string,
    string,
  ];
  if (one.length > DISTANCE_CHARACTERS || other.length > DISTANCE_CHARACTERS) return sharedWords(one, other);
  const longest = Math.max(one.length, other.length);
  return longest === 0 ? 1 : 1 - distanceOf(one, other) / longest;
}

/** Levenshtein's distance. */
function distanceOf(one: string, other: string): number {
  let before = Uint16Array.from({ length: other.length + 1 }, (_, index) => index);
  let row = new Uint16Array(other.length + 1);
  for (let at = 1; at <= one.length; at += 1) {
    row[0] = at;
    for (let to = 1; to <= other.length; to += 1) {
      const changed = (before[to - 1] ?? 0) + (one.charCodeAt(at - 1) === other.charCodeAt(to - 1) ? 0 : 1);
      row[to] = Math.min(changed, (before[to] ?? 0) + 1, (row[to - 1] ?? 0) + 1);
    }
    [before, row] = [row, before];
  }
  return before[other.length] ?? 0;
}

/** Dice's coefficient of the words of two texts. */
function sharedWords(one: string, other: string): number {
  const [words, others] = [one, other].map((text) => new Set(text.split(/\s+/u))) as [Set<string>, Set<string>];
  return (2 * [...words].filter((word) => others.has(word)).length) / (words.size + others.size);
}
