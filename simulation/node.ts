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
  /** What ends a listener of `any`; left out, the first event does. */
  readonly until?: ListenEnd;
  /** What is done with each event by itself (`foreach`). */
  readonly each?: readonly Node[];
};
/** So many events have come (`atLeast`), or one of this type, which is no part of what is given; `never` needs a time-out around it. */
export type ListenEnd = { readonly atLeast: number } | { readonly type: EventType } | 'never';

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
        /** Runs another of the plan's definitions, by its place among them. */
        | { readonly kind: 'child'; readonly flow: number; readonly awaits: boolean }
        | { readonly kind: 'do'; readonly list: readonly Node[] }
        | { readonly kind: 'for'; readonly count: number; readonly shorter?: number; readonly list: readonly Node[] }
        | { readonly kind: 'fork'; readonly compete: boolean; readonly branches: readonly Node[] }
      ));

/** What an execution may use before people are asked: runs of steps, and time. */
export interface FlowBudget {
  readonly attempts?: number;
  readonly wall_seconds?: number;
}

/** What starts executions of a definition by itself. */
export type FlowSchedule =
  | { readonly kind: 'every' | 'after'; readonly ms: number }
  | { readonly kind: 'on'; readonly mode: 'one' | 'any' | 'all'; readonly types: readonly EventType[] };

/** A definition: its tasks, how long the whole may take, and what it may use. */
export interface Flow {
  readonly budget?: FlowBudget;
  readonly schedule?: FlowSchedule;
  readonly list: readonly Node[];
  readonly timeoutMs?: number;
}

/** The name of a definition, by its place among those of a plan; the first is the one that is started. */
export function workflowName(place: number): string {
  return place === 0 ? 'plan' : `part${place}`;
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
    ...(node.kind === 'listen' ? everyNode(node.each ?? []) : []),
  ]);
}
