import type { CloudEvent, SubmittedAnswer } from '@loopwright/engine';
import type { JsonObject, PlatformError } from '@loopwright/protocol';
import { chooseBySeed } from '../choices.ts';
import { generateFlow } from '../generate-flow.ts';
import type { Flow } from '../node.ts';

/** What the soak asks the process with the engine to do. */
export type Order =
  | { readonly kind: 'start'; readonly executionId: string }
  | { readonly kind: 'pause' | 'resume' | 'cancel'; readonly executionId: string }
  | {
      readonly kind: 'answer';
      readonly executionId: string;
      readonly step: string;
      readonly answer: SubmittedAnswer;
      readonly answerId: string;
    }
  | { readonly kind: 'publish'; readonly event: CloudEvent; readonly executionIds: readonly string[] }
  /** How executions stand now. */
  | { readonly kind: 'look'; readonly executionIds: readonly string[] }
  | { readonly kind: 'close' };

/** How an execution stands. */
export interface Standing {
  readonly executionId: string;
  readonly status: string;
  /** The step of an open question. */
  readonly asks: string | null;
  readonly listens: boolean;
}

/** What came of an order; `error` is the code and the details of a refusal. */
export interface Outcome {
  readonly state?: string;
  readonly error?: { readonly code: PlatformError['code']; readonly details: JsonObject };
  readonly standings?: readonly Standing[];
  readonly listening?: readonly { readonly executionId: string; readonly key: string }[];
}

/** Different definitions of a soak; both processes make them from the seed. */
const FLOWS = 12;
/** Longest wait and longest step, in milliseconds: real time is spent here. */
const LONGEST_MS = 40;

/** The definitions of a soak: those of the simulation, with short waits. */
export function soakFlows(seed: number): readonly Flow[] {
  return Array.from({ length: FLOWS }, (_, index) => {
    // Nobody here answers for more budget.
    const { budget: _budget, ...flow } = generateFlow(chooseBySeed(seed + index));
    return JSON.parse(JSON.stringify(flow), (key, value: unknown) =>
      key === 'ms' ? Math.min(Number(value), LONGEST_MS) : value,
    ) as Flow;
  });
}

/** The definition that an execution runs, by its id: `x<number of the definition>-<count>`. */
export function flowNumberOf(executionId: string): number {
  return Number(/^x(\d+)-/.exec(executionId)?.[1]);
}
