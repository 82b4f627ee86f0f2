/** What every task of a generated definition has. */
interface Common {
  readonly name: string;
  /** `continue`, `exit`, `end` or the name of a later task of the list. */
  readonly next: string;
  readonly timeoutMs?: number;
  /** It is left out (`if`) unless the trace is shorter than this. */
  readonly below?: number;
  /** The member of `$context` that gets the length of the trace after the task (`export`). */
  readonly exports?: 'a' | 'b';
}

/** The types of events that definitions emit and listen to, and what they are correlated by. */
export const EVENT_TYPES = ['e0', 'e1'] as const;
export const COLOURS = ['x', 'y'] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export type Colour = (typeof COLOURS)[number];

export type ListenNode = Common & {
  readonly kind: 'listen';
  readonly mode: 'one' | 'any' | 'all';
  readonly types: readonly EventType[];
  /** `first`: the first event fixes the colour; `none`: there is no correlation; else the colour that is expected. */
  readonly correlate: 'none' | 'first' | Colour;
  readonly envelope: boolean;
};

export type TryNode = Common & {
  readonly kind: 'try';
  readonly list: readonly Node[];
  readonly retries: number;
  readonly backoff: 'constant' | 'linear' | 'exponential';
  /** The random part of a delay is below this. */
  readonly jitterMs: number;
  /** How long one attempt may take. */
  readonly attemptMs?: number;
  /** How long it goes on trying. */
  readonly durationMs?: number;
  /** Only errors of this title are caught. */
  readonly only?: 'RAISED' | 'STEP_TIMEOUT' | 'INTERNAL_ERROR';
  readonly caught: readonly Node[];
};

/** One task of a generated definition. */
export type Node =
  | ListenNode
  | TryNode
  | (Common &
      (
        | { readonly kind: 'set'; readonly indexed: boolean }
        | { readonly kind: 'raise' }
        | { readonly kind: 'wait'; readonly ms: number }
        | { readonly kind: 'count'; readonly ms: number; readonly failures: number; readonly stubborn: boolean }
        | { readonly kind: 'clarify' | 'accept'; readonly expiresMs?: number }
        | { readonly kind: 'switch'; readonly shorter: number; readonly target: string }
        | { readonly kind: 'emit'; readonly type: EventType; readonly colour: Colour }
        | { readonly kind: 'do'; readonly list: readonly Node[] }
        | { readonly kind: 'for'; readonly count: number; readonly shorter?: number; readonly list: readonly Node[] }
        | { readonly kind: 'fork'; readonly compete: boolean; readonly branches: readonly Node[] }
      ));

/** A definition: its tasks, and how long the whole may take. */
export interface Flow {
  readonly list: readonly Node[];
  readonly timeoutMs?: number;
}

/** Milliseconds of the delay before a retry, without back-off and jitter. */
export const RETRY_MS = 15;

/** Every task of a list and of the lists inside it. */
export function everyNode(list: readonly Node[]): Node[] {
  return list.flatMap((node) => [
    node,
    ...('list' in node ? everyNode(node.list) : []),
    ...(node.kind === 'fork' ? everyNode(node.branches) : []),
    ...(node.kind === 'try' ? everyNode(node.caught) : []),
  ]);
}
