import type { RecordedUsage } from './recorded-usage.ts';

/** The tokens in and out of several usages; `null` when none of them says, or one that says anything else does not. */
export function tokensOf(usages: readonly RecordedUsage[]): RecordedUsage['token_usage'] {
  if (usages.length === 0) return null;
  const sum = { input: 0, output: 0 };
  for (const { token_usage } of usages) {
    if (token_usage === null) return null;
    sum.input += token_usage.input;
    sum.output += token_usage.output;
  }
  return sum;
}

/** What several usages cost, in US dollars; `null` when the cost of one is not known, or there is none. */
export function costsOf(usages: readonly RecordedUsage[]): number | null {
  if (usages.length === 0) return null;
  let nanos = 0;
  for (const usage of usages) {
    const cost = costOf(usage);
    if (cost === null) return null;
    nanos += Math.round(cost * 1e9);
  }
  return nanos / 1e9;
}

/** What one usage cost, in US dollars: what its step reported. The joint for prices: `null` when nobody knows. */
function costOf({ cost_usd }: RecordedUsage): number | null {
  return cost_usd;
}

/** Usages of the same agent with the same model, put together. */
export function merged(usages: readonly RecordedUsage[]): RecordedUsage[] {
  const groups = Map.groupBy(usages, ({ agent, provider, model }) => JSON.stringify([agent, provider, model]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const totals = group.map(({ total_tokens }) => total_tokens);
    return [
      {
        ...first,
        calls: group.reduce((sum, { calls }) => sum + calls, 0),
        token_usage: tokensOf(group),
        total_tokens: totals.reduce((sum, tokens) => (sum === null || tokens === null ? null : sum + tokens), 0),
        cost_usd: costsOf(group),
        estimate: estimatesOf(group),
      },
    ];
  });
}

/** The estimates of several usages together; not known, with the reason, as soon as one is not. */
function estimatesOf(usages: readonly RecordedUsage[]): RecordedUsage['estimate'] {
  const estimates = usages.flatMap(({ estimate }) => estimate ?? []);
  if (estimates.length === 0) return null;
  const unknown = estimates.find(({ usd }) => usd === null);
  const isPartial = estimates.length < usages.length;
  if (unknown !== undefined || isPartial) {
    const reason = unknown?.reason ?? 'nothing was estimated before some of its calls';
    return { usd: null, low_usd: null, high_usd: null, reason };
  }
  const sum = (kind: 'usd' | 'low_usd' | 'high_usd'): number =>
    estimates.reduce((nanos, estimate) => nanos + Math.round((estimate[kind] ?? 0) * 1e9), 0) / 1e9;
  return { usd: sum('usd'), low_usd: sum('low_usd'), high_usd: sum('high_usd'), reason: null };
}
