import { type CharacterSet, PatternError } from './pattern.ts';

const byRegExp =
  (pattern: RegExp): CharacterSet =>
  (point) =>
    pattern.test(String.fromCodePoint(point));

const LETTERS: Readonly<Record<string, CharacterSet>> = {
  d: byRegExp(/\p{Nd}/u),
  w: byRegExp(/[\p{L}\p{M}\p{N}\p{Pc}]/u),
  s: byRegExp(/\p{White_Space}/u),
};

/** Names inside `[: :]` and `\p{ }`, in lower case, as classes of JavaScript. */
const NAMES: Readonly<Record<string, string>> = {
  alnum: String.raw`\p{L}\p{M}\p{Nd}`,
  alpha: String.raw`\p{L}\p{M}`,
  ascii: String.raw`\u0000-\u007f`,
  blank: String.raw`\p{Zs}\t`,
  cntrl: String.raw`\p{Cc}`,
  digit: String.raw`\p{Nd}`,
  graph: String.raw`\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}`,
  lower: String.raw`\p{Lowercase}`,
  print: String.raw`\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Zs}`,
  punct: String.raw`\p{P}\p{S}`,
  space: String.raw`\p{White_Space}`,
  upper: String.raw`\p{Uppercase}`,
  word: String.raw`\p{L}\p{M}\p{N}\p{Pc}`,
  xdigit: '0-9A-Fa-f',
};

export const isWord: CharacterSet = LETTERS['w'] ?? (() => false);
export const not =
  (set: CharacterSet): CharacterSet =>
  (point) =>
    !set(point);

/** `\d`, `\w`, `\s` and, in capitals, their opposites; `undefined` for another letter. */
export function letterSet(letter: string): CharacterSet | undefined {
  const set = LETTERS[letter.toLowerCase()];
  return set === undefined || letter === letter.toLowerCase() ? set : not(set);
}

/** The characters of a Unicode property, a script or a POSIX bracket. Throws {@link PatternError}. */
export function namedSet(name: string): CharacterSet {
  const known = NAMES[name.toLowerCase().replaceAll(/[\s_-]/g, '')];
  for (const source of known === undefined ? [`\\p{${name}}`, `\\p{Script=${name}}`] : [`[${known}]`]) {
    try {
      return byRegExp(new RegExp(source, 'u'));
    } catch {
      // It is not a property of this form.
    }
  }
  throw new PatternError(`invalid character property name {${name}}`);
}

/** One character, with its other case when case does not count. */
export function single(point: number, ignoreCase: boolean): CharacterSet {
  return range(point, point, ignoreCase);
}

export function range(from: number, to: number, ignoreCase: boolean): CharacterSet {
  const has: CharacterSet = (point) => point >= from && point <= to;
  return ignoreCase ? (point) => has(point) || has(otherCase(point)) : has;
}

/** The same letter in the other case; the character itself where there is none of one character. */
export function otherCase(point: number): number {
  const text = String.fromCodePoint(point);
  const lower = text.toLowerCase();
  const other = lower === text ? text.toUpperCase() : lower;
  const first = other.codePointAt(0) ?? point;
  return String.fromCodePoint(first) === other ? first : point;
}
