import { type Estimate, type ExpectedCost, estimateOf, sumOfEstimates } from './estimate.ts';

const NANOS = 1_000_000_000;

/** What a step has used: US dollars (a decimal text, or a number that is rounded up to a billionth) and tokens of models. */
export interface Spending {
  /** Left out: not known; 0: known to be nothing. */
  readonly costUsd?: string | number;
  /** Left out: the sum of the next two. */
  readonly tokens?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Who used it, such as `architect`; at most 100 characters, like the next two. */
  readonly agent?: string;
  readonly provider?: string;
  readonly model?: string;
  /** What it was expected to cost before; left out by what estimates nothing. */
  readonly expected?: ExpectedCost;
}

/** What one try of a step reported for one agent and model; `null` where it was not reported. Money in billionths of a US dollar. */
export interface Usage {
  readonly agent: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly calls: number;
  readonly cost: number | null;
  readonly tokens: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Left out when nothing was estimated. */
  readonly estimate?: Estimate | undefined;
}

/** What one try of a step reported in all. */
export interface Spent {
  readonly cost: number;
  readonly tokens: number;
  readonly usages: readonly Usage[];
}

/** How many agents and models one try tells apart; what comes after them is counted without a name. */
const USAGES_LIMIT = 20;
const NAME_LIMIT = 100;

/** Adds up what one try of a step reports. */
export class SpendingMeter {
  #cost = 0;
  #tokens = 0;
  readonly #usages = new Map<string, Usage>();

  /** What was reported; nothing when nothing was. */
  get total(): Spent | undefined {
    return this.#usages.size === 0 ? undefined : { cost: this.#cost, tokens: this.#tokens, usages: [...this.#usages.values()] };
  }

  readonly spend = (spending: Spending): void => {
    const { costUsd, inputTokens, outputTokens } = spending;
    const parts = inputTokens === undefined && outputTokens === undefined ? undefined : (inputTokens ?? 0) + (outputTokens ?? 0);
    const tokens = spending.tokens ?? parts;
    const cost =
      typeof costUsd === 'number' ? Math.ceil(costUsd * NANOS - 1e-6) : costUsd === undefined ? undefined : nanosOf(costUsd);
    if (cost !== undefined && !isAmount(cost))
      throw new TypeError(`Cannot count what was spent: ${String(costUsd)} is no amount of US dollars`);
    for (const count of [tokens, inputTokens, outputTokens]) {
      if (count !== undefined && !isAmount(count))
        throw new TypeError(`Cannot count what was spent: ${count} is no number of tokens`);
    }
    this.#cost += cost ?? 0;
    this.#tokens += tokens ?? 0;
    this.#count({
      agent: nameOf(spending.agent),
      provider: nameOf(spending.provider),
      model: nameOf(spending.model),
      calls: 1,
      cost: cost ?? null,
      tokens: tokens ?? null,
      inputTokens: inputTokens ?? null,
      outputTokens: outputTokens ?? null,
      estimate: estimateOf(spending.expected, nanosOf),
    });
  };

  #count(usage: Usage): void {
    const key = JSON.stringify([usage.agent, usage.provider, usage.model]);
    const isNamed = this.#usages.has(key) || this.#usages.size < USAGES_LIMIT;
    const [at, named] = isNamed ? [key, usage] : ['', { ...usage, agent: null, provider: null, model: null }];
    const before = this.#usages.get(at);
    this.#usages.set(at, before === undefined ? named : sumOf(before, named));
  }
}

/** The sum of two; what one of them does not know, the sum does not know. */
function sumOf(one: Usage, other: Usage): Usage {
  const add = (left: number | null, right: number | null): number | null =>
    left === null || right === null ? null : left + right;
  return {
    ...one,
    calls: one.calls + other.calls,
    cost: add(one.cost, other.cost),
    tokens: add(one.tokens, other.tokens),
    inputTokens: add(one.inputTokens, other.inputTokens),
    outputTokens: add(one.outputTokens, other.outputTokens),
    estimate: sumOfEstimates(one.estimate, other.estimate),
  };
}

function nameOf(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text.slice(0, NAME_LIMIT);
}

/** Billionths of a US dollar of a decimal text; NaN when it is none, or has more than nine decimals. */
export function nanosOf(usd: string): number {
  const [, whole = '', fraction = ''] = /^(\d{1,6})(?:\.(\d{1,9}))?$/.exec(usd) ?? [];
  return whole === '' ? NaN : Number(whole) * NANOS + Number(fraction.padEnd(9, '0'));
}

/** The shortest decimal text of an amount in billionths of a US dollar. */
export function usdText(nanos: number): string {
  const fraction = String(nanos % NANOS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${Math.floor(nanos / NANOS)}${fraction === '' ? '' : `.${fraction}`}`;
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
