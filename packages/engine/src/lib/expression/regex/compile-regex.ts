import { type Anchor, type CharacterSet, type Pattern, PatternError } from './pattern.ts';

/** One instruction of a compiled pattern. Numbers are places in its list, but `slot`s, which are places where positions are kept. */
export type Instruction =
  | { readonly op: 'set'; readonly has: CharacterSet }
  /** Goes on at `first`, and at `second` when that fails. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Leaves a loop whose round took nothing: it would go on for ever. */
  | { readonly op: 'progress'; readonly slot: number; to: number }
  | { readonly op: 'anchor'; readonly at: Anchor }
  | { readonly op: 'back'; readonly groups: readonly number[]; readonly ignoreCase: boolean }
  /** A part that is matched on its own and not gone back into; `width` is how far behind it may begin. */
  | {
      readonly op: 'part';
      readonly code: readonly Instruction[];
      readonly kind: 'atomic' | 'ahead' | 'behind';
      readonly negative: boolean;
      readonly width: Width;
    }
  | { readonly op: 'match' };

/** The fewest and the most characters that a pattern takes. */
interface Width {
  readonly min: number;
  readonly max: number;
}

/** A compiled pattern. Slots 2n and 2n+1 hold the beginning and the end of group n; more follow for loops. */
export interface CompiledPattern {
  readonly code: readonly Instruction[];
  readonly slots: number;
}

/** Instructions a pattern may have: `(a{1000}){1000}` is refused. */
const SIZE_MAX = 20_000;

/** Compiles a pattern with this many groups. Throws {@link PatternError} when it is too big. */
export function compilePattern(pattern: Pattern, groups: number): CompiledPattern {
  const size = { slots: 2 * (groups + 1), instructions: 0 };
  return { code: new Compiler(size).whole(pattern), slots: size.slots };
}

class Compiler {
  readonly #code: Instruction[] = [];
  readonly #size: { slots: number; instructions: number };

  constructor(size: { slots: number; instructions: number }) {
    this.#size = size;
  }

  whole(pattern: Pattern): readonly Instruction[] {
    this.#add(pattern);
    this.#emit({ op: 'match' });
    return this.#code;
  }

  #emit<T extends Instruction>(instruction: T): T {
    this.#size.instructions += 1;
    if (this.#size.instructions > SIZE_MAX) throw new PatternError('the pattern is too big');
    this.#code.push(instruction);
    return instruction;
  }

  #add(pattern: Pattern): void {
    switch (pattern.kind) {
      case 'set':
        this.#emit({ op: 'set', has: pattern.has });
        return;
      case 'sequence':
        for (const part of pattern.parts) this.#add(part);
        return;
      case 'choice':
        return this.#choice(pattern.options);
      case 'repeat':
        if (pattern.mode === 'possessive') this.#part({ ...pattern, mode: 'greedy' }, 'atomic', false);
        else this.#repeat(pattern);
        return;
      case 'group':
        this.#emit({ op: 'save', slot: 2 * pattern.number });
        this.#add(pattern.body);
        this.#emit({ op: 'save', slot: 2 * pattern.number + 1 });
        return;
      case 'atomic':
        return this.#part(pattern.body, 'atomic', false);
      case 'look':
        return this.#part(pattern.body, pattern.behind ? 'behind' : 'ahead', pattern.negative);
      case 'back':
        this.#emit({ op: 'back', groups: pattern.groups, ignoreCase: pattern.ignoreCase });
        return;
      case 'anchor':
        this.#emit({ op: 'anchor', at: pattern.at });
    }
  }

  #choice(options: readonly Pattern[]): void {
    const ends: { to: number }[] = [];
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) {
        this.#add(option);
        break;
      }
      const split = this.#emit({ op: 'split', first: this.#code.length + 1, second: 0 });
      this.#add(option);
      ends.push(this.#emit({ op: 'jump', to: 0 }));
      split.second = this.#code.length;
    }
    for (const end of ends) end.to = this.#code.length;
  }

  #repeat({ body, min, max, mode }: Extract<Pattern, { kind: 'repeat' }>): void {
    for (let count = 0; count < min; count += 1) this.#add(body);
    const splits: { first: number; second: number }[] = [];
    const enter = (): void => void splits.push(this.#emit({ op: 'split', first: this.#code.length + 1, second: 0 }));
    if (max === Infinity) {
      const begin = this.#code.length;
      enter();
      const slot = this.#size.slots;
      this.#size.slots += 1;
      this.#emit({ op: 'save', slot });
      this.#add(body);
      const progress = this.#emit({ op: 'progress', slot, to: 0 });
      this.#emit({ op: 'jump', to: begin });
      progress.to = this.#code.length;
    } else {
      for (let count = min; count < max; count += 1) {
        enter();
        this.#add(body);
      }
    }
    for (const split of splits) {
      split.second = this.#code.length;
      if (mode === 'lazy') [split.first, split.second] = [split.second, split.first];
    }
  }

  #part(body: Pattern, kind: 'atomic' | 'ahead' | 'behind', negative: boolean): void {
    const width = widthOf(body);
    if (kind === 'behind' && width.max === Infinity) throw new PatternError('invalid pattern in look-behind');
    this.#emit({ op: 'part', code: new Compiler(this.#size).whole(body), kind, negative, width });
  }
}

function widthOf(pattern: Pattern): Width {
  switch (pattern.kind) {
    case 'set':
      return { min: 1, max: 1 };
    case 'sequence': {
      const widths = pattern.parts.map(widthOf);
      return { min: sum(widths.map(({ min }) => min)), max: sum(widths.map(({ max }) => max)) };
    }
    case 'choice': {
      const widths = pattern.options.map(widthOf);
      return { min: Math.min(...widths.map(({ min }) => min)), max: Math.max(...widths.map(({ max }) => max)) };
    }
    case 'repeat': {
      const { min, max } = widthOf(pattern.body);
      return { min: min * pattern.min, max: max === 0 ? 0 : max * pattern.max };
    }
    case 'group':
    case 'atomic':
      return widthOf(pattern.body);
    case 'back':
      return { min: 0, max: Infinity };
    case 'look':
    case 'anchor':
      return { min: 0, max: 0 };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
