/** Whether a code point is one that is meant. */
export type CharacterSet = (point: number) => boolean;

/** A place between two characters that a pattern asks for. */
export type Anchor = 'begin' | 'end' | 'last-end' | 'line-begin' | 'line-end' | 'word' | 'not-word';

/** A regular expression, parsed. Groups are numbered from 1 in the order of their parentheses. */
export type Pattern =
  | { readonly kind: 'set'; readonly has: CharacterSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly body: Pattern; readonly min: number; readonly max: number; readonly mode: RepeatMode }
  | { readonly kind: 'group'; readonly number: number; readonly body: Pattern }
  | { readonly kind: 'atomic'; readonly body: Pattern }
  | { readonly kind: 'look'; readonly body: Pattern; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: 'back'; readonly groups: readonly number[]; readonly ignoreCase: boolean }
  | { readonly kind: 'anchor'; readonly at: Anchor };

export type RepeatMode = 'greedy' | 'lazy' | 'possessive';

/** What the flags of `match` and `(?imsx)` change. */
export interface PatternFlags {
  readonly ignoreCase: boolean;
  /** White space and comments in the pattern mean nothing. */
  readonly extended: boolean;
  /** `.` also takes a line break. */
  readonly dotAll: boolean;
  /** `^` and `$` also stand at line breaks. */
  readonly multiLine: boolean;
}

/** Says why a text is no regular expression. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}
