import { PatternError } from './pattern.ts';

const CONTROLS: Readonly<Record<string, number>> = { a: 7, b: 8, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };
const POINT_MAX = 0x10ffff;

/** Reads the source of a regular expression, one code point at a time. */
export class CharacterReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  /** The next character, or an empty text at the end. */
  peek(): string {
    const point = this.#source.codePointAt(this.#at);
    return point === undefined ? '' : String.fromCodePoint(point);
  }

  next(): string {
    const character = this.peek();
    this.#at += character.length;
    return character;
  }

  /** Reads this text, if it comes next. */
  take(text: string): boolean {
    const isHere = this.#source.startsWith(text, this.#at);
    if (isHere) this.#at += text.length;
    return isHere;
  }

  /** Reads what a sticky expression matches here. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  /** The character that an escape stands for, after its backslash. */
  escaped(): number {
    const coded = this.match(/x\{([0-9A-Fa-f]{1,8})\}|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|c([A-Za-z])/y);
    if (coded !== undefined) {
      const [, long, short, octal, control] = coded;
      const point =
        control === undefined
          ? Number.parseInt(long ?? short ?? octal ?? '', octal === undefined ? 16 : 8)
          : control.charCodeAt(0) % 32;
      if (point > POINT_MAX) throw new PatternError('too big wide-char value');
      return point;
    }
    const character = this.next();
    if (character === '') throw new PatternError('end pattern at escape');
    return CONTROLS[character] ?? character.codePointAt(0) ?? 0;
  }
}
