/** What a call was expected to cost before it was made, in US dollars as decimal texts, or why nobody knew. */
export type ExpectedCost =
  | { readonly usd: string; readonly lowUsd: string; readonly highUsd: string }
  | { readonly reason: string };

/** What calls were expected to cost together; money in billionths of a US dollar, `null` with a reason as soon as that of one is not known. */
export interface Estimate {
  readonly cost: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly reason: string | null;
}

/** What stands beside a call that nobody estimated. */
const NONE: Estimate = { cost: null, low: null, high: null, reason: 'nobody estimated a call before it was made' };

/** Reads what a step says of a call; `nanosOf` gives NaN for a text that is no amount, which throws a TypeError here. */
export function estimateOf(expected: ExpectedCost | undefined, nanosOf: (usd: string) => number): Estimate | undefined {
  if (expected === undefined) return undefined;
  if ('reason' in expected) return { cost: null, low: null, high: null, reason: expected.reason.slice(0, 500) };
  const [cost = NaN, low = NaN, high = NaN] = [expected.usd, expected.lowUsd, expected.highUsd].map(nanosOf);
  if (![cost, low, high].every((amount) => Number.isSafeInteger(amount) && amount >= 0))
    throw new TypeError(`Cannot note what was expected: ${JSON.stringify(expected)} are no amounts of US dollars`);
  return { cost, low, high, reason: null };
}

/** The estimate of two groups of calls. */
export function sumOfEstimates(one: Estimate | undefined, other: Estimate | undefined): Estimate | undefined {
  if (one === undefined && other === undefined) return undefined;
  const [left, right] = [one ?? NONE, other ?? NONE];
  const reason = left.reason ?? right.reason;
  if (reason !== null) return { cost: null, low: null, high: null, reason };
  const add = (a: number | null, b: number | null): number => (a ?? 0) + (b ?? 0);
  return { cost: add(left.cost, right.cost), low: add(left.low, right.low), high: add(left.high, right.high), reason: null };
}
