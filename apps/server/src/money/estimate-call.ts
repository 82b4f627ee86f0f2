import type { ModelUsage } from './model-usage.ts';
import type { PriceTable } from '@loopwright/models';

/** What a call will cost, in US dollars as decimal texts: from the calls of the same kind before it. */
export interface CallEstimate {
  readonly usd: string | null;
  /** With the tenth and the ninetieth percentile of the output of those calls. */
  readonly low: string | null;
  readonly high: string | null;
  /** Calls that it is reckoned from. */
  readonly calls: number;
  /** Why there is none; else `null`. */
  readonly reason: string | null;
}

/** What an estimate is reckoned with. */
export interface EstimateParts {
  readonly usage: ModelUsage;
  readonly prices: PriceTable;
}

/** What is about to be asked. */
export interface CallPlan {
  /** The project whose earlier calls it is reckoned from. */
  readonly projectId: string;
  readonly unit: string;
  readonly provider: string;
  readonly model: string;
  readonly promptCharacters: number;
  /** Milliseconds since 1970 UTC: the day of the price. */
  readonly at: number;
}

/** Fewest calls before it that an estimate is made from. */
const FEWEST = 3;

/** Size of the prompt × price, and the median output of the calls of the same work and model before it × price. */
export async function estimateCall({ usage, prices }: EstimateParts, plan: CallPlan): Promise<CallEstimate> {
  const { provider, model, at, promptCharacters } = plan;
  const rows = await usage.history(plan);
  const known = rows.flatMap(({ prompt_characters, input_tokens, output_tokens }) =>
    input_tokens === null || output_tokens === null || prompt_characters === 0
      ? []
      : [{ share: input_tokens / prompt_characters, output: output_tokens }],
  );
  if (known.length < FEWEST) {
    return {
      usd: null,
      low: null,
      high: null,
      calls: known.length,
      reason: `${known.length} calls of this kind were measured, ${FEWEST} are needed`,
    };
  }
  const inputTokens = Math.ceil(
    promptCharacters *
      quantile(
        known.map(({ share }) => share),
        0.5,
      ),
  );
  const outputs = known.map(({ output }) => output);
  const [low, middle, high] = [0.1, 0.5, 0.9].map((share) =>
    prices.costOf({ provider, model, at, inputTokens, outputTokens: Math.round(quantile(outputs, share)) }),
  );
  return {
    usd: middle?.usd ?? null,
    low: low?.usd ?? null,
    high: high?.usd ?? null,
    calls: known.length,
    reason: middle?.reason ?? null,
  };
}

/** Nearest-rank quantile. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
