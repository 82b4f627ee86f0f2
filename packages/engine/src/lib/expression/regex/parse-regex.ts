import { letterSet, namedSet, not, single } from './character-set.ts';
import { parseClass } from './parse-class.ts';
import { type Anchor, type Pattern, PatternError, type PatternFlags, type RepeatMode } from './pattern.ts';
import { CharacterReader } from './character-reader.ts';

/** Groups and parentheses a pattern may have within one another. */
const DEPTH_MAX = 100;
/** The largest number in `{n,m}`, as in Oniguruma. */
const REPEAT_MAX = 100_000;

/** A pattern with the names of its groups; a group without one has `null`. */
export interface ParsedRegex {
  readonly pattern: Pattern;
  readonly names: readonly (string | null)[];
}

/** Parses a regular expression as jq's library reads it (Oniguruma, the Perl syntax with named groups). Throws {@link PatternError}. */
export function parseRegex(source: string, flags: PatternFlags): ParsedRegex {
  const parser = new RegexParser(source);
  const pattern = parser.choice(flags, 0);
  if (!parser.isAtEnd) throw new PatternError('unmatched close parenthesis');
  return { pattern: parser.linked(pattern), names: parser.names };
}

const ANCHORS: Readonly<Record<string, Anchor>> = { A: 'begin', Z: 'last-end', z: 'end', b: 'word', B: 'not-word', G: 'begin' };
const MODES: Readonly<Record<string, RepeatMode>> = { '?': 'lazy', '+': 'possessive' };
const FLAG_NAMES = { i: 'ignoreCase', x: 'extended', s: 'dotAll', m: 'multiLine' } as const;

class RegexParser {
  readonly names: (string | null)[] = [];
  readonly #reader: CharacterReader;
  /** Names that `\k` uses; whether they exist is known at the end. */
  readonly #wanted: { name: string; groups: number[] }[] = [];

  constructor(source: string) {
    this.#reader = new CharacterReader(source);
  }

  get isAtEnd(): boolean {
    return this.#reader.isAtEnd;
  }

  /** The pattern, once the names of all groups are known. */
  linked(pattern: Pattern): Pattern {
    for (const { name, groups } of this.#wanted) {
      for (const [index, known] of this.names.entries()) if (known === name || name === String(index + 1)) groups.push(index + 1);
      if (groups.length === 0) throw new PatternError(`undefined name <${name}> reference`);
    }
    return pattern;
  }

  /** Options with `|` between them, up to a `)` or the end. */
  choice(flags: PatternFlags, depth: number): Pattern {
    if (depth > DEPTH_MAX) throw new PatternError('too deep nest level');
    const options: Pattern[] = [];
    let parts: Pattern[] = [];
    let current = flags;
    for (;;) {
      this.#skipExtended(current);
      const next = this.#reader.peek();
      if (next === '' || next === ')') break;
      if (this.#reader.take('|')) {
        options.push({ kind: 'sequence', parts });
        parts = [];
        continue;
      }
      const switched = this.#switchFlags(current);
      if (switched === undefined) parts.push(this.#repeated(current, depth));
      else current = switched;
    }
    options.push({ kind: 'sequence', parts });
    return options.length === 1 ? { kind: 'sequence', parts } : { kind: 'choice', options };
  }

  /** `(?i)`: from here to the end of the group. */
  #switchFlags(flags: PatternFlags): PatternFlags | undefined {
    const switched = this.#reader.match(/\(\?([imsx]*)(?:-([imsx]*))?\)/y);
    return switched === undefined ? undefined : changed(flags, switched[1] ?? '', switched[2] ?? '');
  }

  #repeated(flags: PatternFlags, depth: number): Pattern {
    let pattern = this.#atom(flags, depth);
    for (;;) {
      this.#skipExtended(flags);
      const found = this.#reader.match(/([*+?])([?+])?|\{(\d+)(,)?(\d+)?\}(\?)?/y);
      if (found === undefined) return pattern;
      const [, sign, mode, least, comma, most, lazy] = found;
      const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
      const written = most === undefined ? (comma === undefined ? min : Infinity) : Number(most);
      const max = sign === undefined ? written : sign === '?' ? 1 : Infinity;
      if (min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX)) throw new PatternError('too big number range');
      if (max < min) throw new PatternError('upper is smaller than lower in repeat range');
      pattern = { kind: 'repeat', body: pattern, min, max, mode: MODES[mode ?? lazy ?? ''] ?? 'greedy' };
    }
  }

  #atom(flags: PatternFlags, depth: number): Pattern {
    const sign = this.#reader.next();
    switch (sign) {
      case '(':
        return this.#group(flags, depth);
      case '[':
        return { kind: 'set', has: parseClass(this.#reader, flags.ignoreCase) };
      case '.':
        return { kind: 'set', has: (point) => flags.dotAll || point !== 10 };
      case '^':
        return { kind: 'anchor', at: flags.multiLine ? 'line-begin' : 'begin' };
      case '$':
        return { kind: 'anchor', at: flags.multiLine ? 'line-end' : 'last-end' };
      case '*':
      case '+':
      case '?':
        throw new PatternError('target of repeat operator is not specified');
      case '\\':
        return this.#escape(flags);
      default:
        return literal(sign, flags);
    }
  }

  #group(flags: PatternFlags, depth: number): Pattern {
    const opening = this.#reader.match(/\?(?:#[^)]*|([imsx]*)(?:-([imsx]*))?:|<([A-Za-z_]\w*)>|(<?[=!])|(>))/y);
    if (opening === undefined && this.#reader.peek() === '?') throw new PatternError('undefined group option');
    const [text = '', on, off, name, look, atomic] = opening ?? [];
    if (text.startsWith('?#')) {
      this.#close();
      return { kind: 'sequence', parts: [] };
    }
    const captures = opening === undefined || name !== undefined;
    const number = captures ? this.names.push(name ?? null) : 0;
    const body = this.choice(on === undefined && off === undefined ? flags : changed(flags, on ?? '', off ?? ''), depth + 1);
    this.#close();
    if (captures) return { kind: 'group', number, body };
    if (atomic !== undefined) return { kind: 'atomic', body };
    if (look !== undefined) return { kind: 'look', body, behind: look.startsWith('<'), negative: look.endsWith('!') };
    return body;
  }

  #close(): void {
    if (!this.#reader.take(')')) throw new PatternError('end pattern with unmatched parenthesis');
  }

  #escape(flags: PatternFlags): Pattern {
    const quoted = this.#reader.match(/Q([^]*?)(?:\\E|$)/y);
    if (quoted !== undefined)
      return { kind: 'sequence', parts: Array.from(quoted[1] ?? '', (character) => literal(character, flags)) };
    // A number of more than one digit is a group only when that many were opened; else it is an octal code.
    const back = this.#reader.match(this.names.length > 9 ? /([1-9]\d?)|k<([^>]+)>/y : /([1-9])(?!\d)|k<([^>]+)>/y);
    if (back !== undefined) {
      const groups: number[] = [];
      this.#wanted.push({ name: back[1] ?? back[2] ?? '', groups });
      return { kind: 'back', groups, ignoreCase: flags.ignoreCase };
    }
    const property = this.#reader.match(/([pP])\{(\^?)([^}]+)\}/y);
    if (property !== undefined) {
      const set = namedSet(property[3] ?? '');
      return { kind: 'set', has: (property[1] === 'P') === (property[2] === '^') ? set : not(set) };
    }
    const letter = this.#reader.peek();
    const at = ANCHORS[letter];
    if (at !== undefined) {
      this.#reader.next();
      return { kind: 'anchor', at };
    }
    if (/[KRXgO]/.test(letter)) throw new PatternError(`\\${letter} is not supported`);
    const set = letterSet(letter);
    if (set === undefined) return { kind: 'set', has: single(this.#reader.escaped(), flags.ignoreCase) };
    this.#reader.next();
    return { kind: 'set', has: set };
  }

  #skipExtended({ extended }: PatternFlags): void {
    if (extended) this.#reader.match(/(?:\s|#[^\n]*)+/y);
  }
}

function changed(flags: PatternFlags, on: string, off: string): PatternFlags {
  const result = { ...flags };
  for (const [letter, name] of Object.entries(FLAG_NAMES)) {
    if (on.includes(letter)) result[name] = true;
    if (off.includes(letter)) result[name] = false;
  }
  return result;
}

function literal(character: string, { ignoreCase }: PatternFlags): Pattern {
  return { kind: 'set', has: single(character.codePointAt(0) ?? 0, ignoreCase) };
}
