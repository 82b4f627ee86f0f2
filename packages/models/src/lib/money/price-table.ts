import { join } from 'node:path';
import { type PriceEntry, readPriceFile } from './price-file.ts';
import { usdText } from './usd.ts';

/** The prices that come with Loopwright. */
const BUNDLED_PRICES = join(import.meta.dirname, '../../../prices.yaml');

/** Tokens that a model used at a time. Cached tokens are part of `inputTokens`. */
interface PricedUsage {
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cachedInputTokens?: number;
  readonly cacheWriteTokens?: number;
}

/** What tokens cost: billionths of a US dollar and its decimal text, or `null` and why nobody knows. */
type Cost =
  | { readonly nanos: number; readonly usd: string; readonly reason: null }
  | { readonly nanos: null; readonly usd: null; readonly reason: string };

/** What tokens of models cost, by provider, model and day. */
export class PriceTable {
  readonly #entries: readonly PriceEntry[];

  constructor(entries: readonly PriceEntry[]) {
    this.#entries = entries.toSorted((a, b) => (a.from < b.from ? 1 : -1));
  }

  /** Reads a table from a file, the bundled one for `null`. Throws INVALID_CONFIGURATION with what is wrong in it and on which line. */
  static load(file: string | null): PriceTable {
    return new PriceTable(readPriceFile(file ?? BUNDLED_PRICES));
  }

  /** What a use of a model costs at the price of its day, rounded up to a billionth of a US dollar. */
  costOf(usage: PricedUsage): Cost {
    const price = this.#priceAt(usage);
    if (typeof price === 'string') return unknown(price);
    const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
    if (inputTokens === null || outputTokens === null) return unknown('the provider did not say how many tokens were used');
    const plain = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
    const { input, output, cached_input = input, cache_write = input } = price;
    const dollarsOfAMillion =
      plain * input + cachedInputTokens * cached_input + cacheWriteTokens * cache_write + outputTokens * output;
    // A millionth of a US dollar is a thousand billionths; the subtraction keeps the noise of binary fractions from being rounded up.
    const nanos = Math.ceil(dollarsOfAMillion * 1000 - 1e-6);
    return { nanos, usd: usdText(nanos), reason: null };
  }

  /** The price of a model on a day. A dated name (`name-20250929`, `name-2024-08-06`, `name-latest`) has the price of its name unless it has one of its own. */
  #priceAt({ provider, model, at }: PricedUsage): PriceEntry | string {
    const day = new Date(at).toISOString().slice(0, 10);
    const name = [model, model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '')].find((candidate) =>
      this.#entries.some((entry) => entry.provider === provider && entry.model === candidate),
    );
    if (name === undefined)
      return `no price is known for the model "${provider}/${model}": add it to the file that prices_file names`;
    const entry = this.#entries.find(
      (candidate) => candidate.provider === provider && candidate.model === name && candidate.from <= day,
    );
    return entry ?? `no price is known for the model "${provider}/${model}" on ${day}`;
  }
}

function unknown(reason: string): Cost {
  return { nanos: null, usd: null, reason };
}
