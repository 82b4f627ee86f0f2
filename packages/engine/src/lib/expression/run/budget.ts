import type { Json } from '@loopwright/protocol';
import type { CompiledPattern } from '../regex/compile-regex.ts';

/** A regular expression, ready to match; a group without a name has `null`. */
export interface Regex {
  readonly compiled: CompiledPattern;
  readonly names: readonly (string | null)[];
}

/** An evaluation went over a limit. A program cannot catch it. */
export class JqLimitError extends Error {
  override readonly name = 'JqLimitError';
}

/** Steps one evaluation may take. */
const STEPS_MAX = 1_000_000;
/** Characters a string that a program makes may have. */
const STRING_MAX = 4 * 1024 * 1024;
/** Calls of functions within one another. */
const DEPTH_MAX = 1500;

/** What one evaluation has left. */
export class Budget {
  #steps = STEPS_MAX;
  /** The regular expressions that it has compiled, by flags and source. */
  readonly regexes = new Map<string, Regex>();
  /** Calls under way. */
  depth = 0;

  /** Takes steps away. */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new JqLimitError(`the expression took more than ${STEPS_MAX} steps`);
  }

  /** Counts a call; whoever catches an error sets `depth` back. */
  enter(): void {
    this.spend(1);
    this.depth += 1;
    if (this.depth > DEPTH_MAX) throw new JqLimitError(`the expression calls functions more than ${DEPTH_MAX} levels deep`);
  }

  /** Refuses a string that would be too long. */
  fits(length: number): void {
    if (length > STRING_MAX) throw new JqLimitError(`the expression makes a string of more than ${STRING_MAX} characters`);
  }

  /** Refuses a string that would be too long; counts one step for every 64 characters. */
  string(length: number): void {
    this.fits(length);
    this.spend(length >>> 6);
  }

  /** Counts what is gone through as a whole: a step for every 64 characters of a string or items of an array. */
  walk(value: Json): void {
    if (typeof value === 'string' || Array.isArray(value)) this.spend(value.length >>> 6);
  }
}
