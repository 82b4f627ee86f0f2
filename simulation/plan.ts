import { type Choose, oneOf } from './choices.ts';
import type { Fault } from './faulty-store.ts';
import { generateFlows } from './generate-flow.ts';
import { COLOURS, type Colour, EVENT_TYPES, type EventType, type Flow } from './node.ts';

/** What the world does: to one execution, to the process or to the store. */
export type Action =
  | { readonly kind: 'start' | 'pause' | 'resume' | 'cancel'; readonly execution: number }
  /** Pauses inside the commit of the next event, before the execution has gone on from it. */
  | { readonly kind: 'pause-at-event'; readonly execution: number }
  /** `rival`: another person answers the same question in the same turn. */
  | {
      readonly kind: 'answer';
      readonly execution: number;
      readonly target: number;
      readonly valid: boolean;
      readonly id: number;
      readonly rival: boolean;
    }
  /** `twice`: it is sent again at once, as one does who did not hear the answer. */
  | { readonly kind: 'publish'; readonly type: EventType; readonly colour: Colour; readonly id: number; readonly twice: boolean }
  /** Allows an execution to use more: by the answer to the question for it, or without being asked. */
  | { readonly kind: 'budget'; readonly execution: number; readonly asked: boolean; readonly amount: number; readonly id: number }
  | { readonly kind: 'advance'; readonly times: number }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly operation: number }
  | { readonly kind: 'crash' }
  | { readonly kind: 'close'; readonly drainMs: number };

/** One simulated run: definitions, of which the first is started, and what happens, with the turns of the event loop after it (`null`: until all is quiet). */
export interface Plan {
  readonly flows: readonly Flow[];
  readonly actions: readonly { readonly action: Action; readonly turns: number | null }[];
}

const STARTED = 2;
/** Those that are started, and as many of those that they run. */
const EXECUTIONS = 4;

export function generatePlan(choose: Choose): Plan {
  const flows = generateFlows(choose);
  const actions = Array.from({ length: 4 + choose(16) }, () => ({
    action: generateAction(choose),
    turns: oneOf(choose, null, 0, 1, 2, 3),
  }));
  return { flows, actions: [{ action: { kind: 'start', execution: 0 }, turns: oneOf(choose, null, 0, 1, 2) }, ...actions] };
}

function generateAction(choose: Choose): Action {
  const execution = choose(3) === 0 ? choose(EXECUTIONS) : choose(STARTED);
  const kind = choose(26);
  if (kind >= 24) return { kind: 'budget', execution, asked: choose(3) > 0, amount: 1 + choose(3), id: choose(12) };
  if (kind <= 4)
    return { kind: 'answer', execution, target: choose(6), valid: choose(5) !== 4, id: choose(12), rival: choose(4) === 3 };
  if (kind <= 9) return { kind: 'advance', times: 1 + choose(5) };
  if (kind <= 11) return { kind: 'start', execution: execution % STARTED };
  if (kind <= 13) return { kind: choose(2) === 1 ? 'pause-at-event' : 'pause', execution };
  if (kind <= 15) return { kind: 'resume', execution };
  if (kind === 16) {
    if (choose(3) === 2) return { kind: 'cancel', execution };
    return { kind: 'answer', execution, target: 0, valid: true, id: 1, rival: false };
  }
  if (kind === 17) return { kind: 'crash' };
  if (kind === 18) return { kind: 'close', drainMs: oneOf(choose, 0, 10, 2000) };
  if (kind <= 21) {
    const event = { type: oneOf(choose, ...EVENT_TYPES), colour: oneOf(choose, ...COLOURS) };
    return { kind: 'publish', ...event, id: choose(12), twice: choose(4) === 3 };
  }
  return {
    kind: 'fault',
    fault: oneOf<Fault>(choose, 'refuse', 'lose-acknowledgement', 'crash-before', 'crash-inside', 'crash-after'),
    operation: choose(5),
  };
}
