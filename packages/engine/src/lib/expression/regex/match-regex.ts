import { isWord, otherCase } from './character-set.ts';
import type { CompiledPattern, Instruction } from './compile-regex.ts';
import type { Anchor } from './pattern.ts';

/** Instructions for one step of an evaluation. */
const INSTRUCTIONS_A_STEP = 4;
/** Instructions after which the steps are taken from the evaluation. */
const BATCH = 256;

const END: Instruction = { op: 'match' };

/** How matches are chosen. */
export interface MatchOptions {
  /** The longest of all that begin at a place, in place of the first by the order of the pattern. */
  readonly longest: boolean;
  /** Matches that take nothing do not count. */
  readonly notEmpty: boolean;
}

/**
 * Matches a pattern by trying: every instruction is counted, and `spend` throws when the evaluation has no more steps, so that no
 * pattern can hold the process up.
 */
export class RegexMatcher {
  readonly #compiled: CompiledPattern;
  readonly #text: readonly number[];
  readonly #spend: (steps: number) => void;
  /** Beginnings and ends of groups, -1 where nothing was taken. */
  #slots: number[] = [];
  /** What to put back when a way is given up: slot and value, one after the other. */
  #undo: number[] = [];
  #count = 0;

  /** `text` is a list of code points. */
  constructor(compiled: CompiledPattern, text: readonly number[], spend: (steps: number) => void) {
    this.#compiled = compiled;
    this.#text = text;
    this.#spend = spend;
  }

  /** The first match that begins at `from` or later, as the slots of its groups: the whole is group 0. */
  find(from: number, options: MatchOptions): readonly number[] | undefined {
    const { code, slots } = this.#compiled;
    const opening = code[0];
    for (let begin = from; begin <= this.#text.length; begin += 1) {
      this.#tick();
      if (opening?.op === 'set' && !(begin < this.#text.length && opening.has(this.#text[begin] ?? 0))) continue;
      if (opening?.op === 'anchor' && opening.at === 'begin' && begin > 0) return undefined;
      this.#slots = Array.from({ length: slots }, () => -1);
      this.#undo = [];
      let found: number[] | undefined;
      this.#run(code, begin, (end) => {
        if (options.notEmpty && end === begin) return false;
        if (found === undefined || end > (found[1] ?? 0)) found = [begin, end, ...this.#slots.slice(2)];
        return !options.longest;
      });
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Runs instructions from a place until `accept` takes an end; gives that end. What was saved on the way stays saved. */
  #run(code: readonly Instruction[], begin: number, accept: (end: number) => boolean): number | undefined {
    const open: number[] = [];
    let place = 0;
    let at = begin;
    const start = this.#undo.length;
    for (;;) {
      this.#tick();
      const instruction = code[place] ?? END;
      let goesOn = true;
      place += 1;
      switch (instruction.op) {
        case 'set':
          goesOn = at < this.#text.length && instruction.has(this.#text[at] ?? 0);
          at += 1;
          break;
        case 'split':
          open.push(instruction.second, at, this.#undo.length);
          place = instruction.first;
          break;
        case 'jump':
          place = instruction.to;
          break;
        case 'save':
          this.#save(instruction.slot, at);
          break;
        case 'progress':
          if (this.#slots[instruction.slot] === at) place = instruction.to;
          break;
        case 'anchor':
          goesOn = this.#stands(instruction.at, at);
          break;
        case 'back':
        case 'part': {
          const after = instruction.op === 'back' ? this.#repeated(instruction, at) : this.#part(instruction, at);
          goesOn = after !== undefined;
          at = after ?? at;
          break;
        }
        case 'match':
          if (accept(at)) return at;
          goesOn = false;
      }
      if (goesOn) continue;
      const saved = open.pop();
      if (saved === undefined) {
        this.#restore(start);
        return undefined;
      }
      this.#restore(saved);
      at = open.pop() ?? 0;
      place = open.pop() ?? 0;
    }
  }

  #part({ code, kind, negative, width }: Extract<Instruction, { op: 'part' }>, at: number): number | undefined {
    const before = this.#undo.length;
    let end: number | undefined;
    if (kind === 'behind') {
      for (let begin = at - width.min; end === undefined && begin >= Math.max(0, at - width.max); begin -= 1)
        end = this.#run(code, begin, (reached) => reached === at);
    } else end = this.#run(code, at, () => true);
    if (kind === 'atomic') return end;
    if (!negative) return end === undefined ? undefined : at;
    this.#restore(before);
    return end === undefined ? at : undefined;
  }

  /** What a group took, once more; of several groups of one name the last that took something. */
  #repeated({ groups, ignoreCase }: Extract<Instruction, { op: 'back' }>, at: number): number | undefined {
    const group = groups.findLast((number) => (this.#slots[2 * number + 1] ?? -1) >= 0);
    if (group === undefined) return undefined;
    const [from = 0, to = 0] = this.#slots.slice(2 * group, 2 * group + 2);
    for (let index = from; index < to; index += 1) {
      this.#tick();
      const here = this.#text[at + index - from];
      const there = this.#text[index] ?? 0;
      if (here !== there && !(ignoreCase && here !== undefined && otherCase(here) === there)) return undefined;
    }
    return at + to - from;
  }

  #stands(anchor: Anchor, at: number): boolean {
    const text = this.#text;
    const isWordAt = (place: number): boolean => place >= 0 && place < text.length && isWord(text[place] ?? 0);
    switch (anchor) {
      case 'begin':
        return at === 0;
      case 'end':
        return at === text.length;
      case 'last-end':
        return at === text.length || (at === text.length - 1 && text[at] === 10);
      case 'line-begin':
        return at === 0 || (text[at - 1] === 10 && at < text.length);
      case 'line-end':
        return at === text.length || text[at] === 10;
      case 'word':
        return isWordAt(at - 1) !== isWordAt(at);
      case 'not-word':
        return isWordAt(at - 1) === isWordAt(at);
    }
  }

  #save(slot: number, position: number): void {
    this.#undo.push(slot, this.#slots[slot] ?? -1);
    this.#slots[slot] = position;
  }

  #restore(length: number): void {
    while (this.#undo.length > length) {
      const value = this.#undo.pop() ?? -1;
      this.#slots[this.#undo.pop() ?? 0] = value;
    }
  }

  #tick(): void {
    this.#count += 1;
    if (this.#count % BATCH === 0) this.#spend(BATCH / INSTRUCTIONS_A_STEP);
  }
}
