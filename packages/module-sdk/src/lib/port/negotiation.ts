// N1. The order is: given, kept, asked for, fall-back; a port is the result only when it has been bound.
// N2. It ends: after at most `1 + retries` questions and as many binds as there are candidates and answers.

/** How a module comes to its port. */
export interface PortConfig {
  /** Time of the first question; each further one has twice as long, up to `maxTimeoutMs`. In milliseconds. @default 3000 */
  readonly firstTimeoutMs: number;
  /** @default 10 000 */
  readonly maxTimeoutMs: number;
  /** Questions after the first; before the n-th it waits 2^(n-1) s. @default 3 */
  readonly retries: number;
  /** Whether it takes a port of its own choice when the orchestrator gives none. @default true */
  readonly useFallback: boolean;
  /** Tried before the range. */
  readonly customFallbackPort?: number;
  /** First and last port of the fall-back range. @default 10 000 to 11 000 */
  readonly fallbackRange: readonly [number, number];
  /** Ports of the range that are tried. @default 10 */
  readonly fallbackBinds: number;
}

/** The source's figures. */
export const PORT_CONFIG: PortConfig = {
  firstTimeoutMs: 3000,
  maxTimeoutMs: 10_000,
  retries: 3,
  useFallback: true,
  fallbackRange: [10_000, 11_000],
  fallbackBinds: 10,
};

/** Where a port came from. */
export type PortSource = 'given' | 'kept' | 'orchestrator' | 'fallback';

/** What is known before the first step. */
export interface PortPlan {
  /** From the init object; `undefined` when the module may choose. */
  readonly given: number | undefined;
  /** From an earlier negotiation. */
  readonly kept: number | undefined;
  readonly fallback: readonly number[];
  readonly config: PortConfig;
}

/** What is to be done next. `question` counts from 0, `next` is the index of the next fall-back port. */
export type PortStep =
  | {
      readonly kind: 'bind';
      readonly port: number;
      readonly source: PortSource;
      readonly question: number;
      readonly next: number;
    }
  | { readonly kind: 'ask'; readonly question: number; readonly timeoutMs: number }
  | { readonly kind: 'wait'; readonly question: number; readonly ms: number }
  | { readonly kind: 'done'; readonly port: number; readonly source: PortSource }
  | { readonly kind: 'failed' };

/** How a step ended. `barred`: the breaker lets no question through. */
export type PortEvent =
  | { readonly kind: 'bound' | 'taken' | 'waited' | 'unanswered' | 'barred' }
  | { readonly kind: 'answered'; readonly port: number };

/** The first step. */
export function firstPortStep({ given, kept, config }: PortPlan): PortStep {
  if (given !== undefined) return { kind: 'bind', port: given, source: 'given', question: 0, next: 0 };
  return keptOrAsk(kept, config);
}

/** The step after one that ended with `event`. @throws RangeError When the event is none of that step. */
export function nextPortStep(step: PortStep, event: PortEvent, plan: PortPlan): PortStep {
  if (step.kind === 'bind' && event.kind === 'bound') return { kind: 'done', port: step.port, source: step.source };
  if (step.kind === 'bind' && event.kind === 'taken')
    switch (step.source) {
      case 'given':
        return keptOrAsk(plan.kept === step.port ? undefined : plan.kept, plan.config);
      case 'kept':
        return ask(0, plan.config);
      case 'orchestrator':
        return afterQuestion(step.question, plan);
      case 'fallback':
        return fallback(step.next, plan);
    }
  if (step.kind === 'ask' && event.kind === 'answered')
    return { kind: 'bind', port: event.port, source: 'orchestrator', question: step.question, next: 0 };
  if (step.kind === 'ask' && event.kind === 'unanswered') return afterQuestion(step.question, plan);
  if (step.kind === 'ask' && event.kind === 'barred') return fallback(0, plan);
  if (step.kind === 'wait' && event.kind === 'waited') return ask(step.question, plan.config);
  throw new RangeError(`Cannot go on from "${step.kind}": it cannot end with "${event.kind}"`);
}

function keptOrAsk(kept: number | undefined, config: PortConfig): PortStep {
  return kept === undefined ? ask(0, config) : { kind: 'bind', port: kept, source: 'kept', question: 0, next: 0 };
}

function ask(question: number, { firstTimeoutMs, maxTimeoutMs }: PortConfig): PortStep {
  return { kind: 'ask', question, timeoutMs: Math.min(firstTimeoutMs * 2 ** question, maxTimeoutMs) };
}

function afterQuestion(question: number, plan: PortPlan): PortStep {
  return question < plan.config.retries ? { kind: 'wait', question: question + 1, ms: 1000 * 2 ** question } : fallback(0, plan);
}

function fallback(next: number, plan: PortPlan): PortStep {
  const port = plan.fallback[next];
  return port === undefined ? { kind: 'failed' } : { kind: 'bind', port, source: 'fallback', question: 0, next: next + 1 };
}
