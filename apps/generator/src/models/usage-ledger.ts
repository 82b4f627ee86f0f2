import type { ConversationReply, PriceTable } from '@loopwright/models';
import { NANOS } from '@loopwright/models';
import type { ArtifactResult, Clock } from '@loopwright/protocol';

type LlmUsage = ArtifactResult['llm_usage'][number];

interface Entry {
  readonly provider: string;
  readonly model: string;
  calls: number;
  input: number;
  output: number;
  /** `null` once a call had no known cost. */
  costNanos: number | null;
}

/** What the models of one generation were asked, and what it cost. */
export class UsageLedger {
  readonly #prices: PriceTable;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #entries = new Map<string, Entry>();
  readonly #doubts = new Set<string>();
  #measuredCharacters = 0;
  #measuredTokens = 0;

  constructor(parts: { prices: PriceTable; clock: Pick<Clock, 'now'> }) {
    this.#prices = parts.prices;
    this.#clock = parts.clock;
  }

  /** Adds an answered call. `promptCharacters` is what was sent. */
  add({ provider, model, usage }: ConversationReply, promptCharacters: number): void {
    const key = `${provider}/${model}`;
    const entry = this.#entries.get(key) ?? { provider, model, calls: 0, input: 0, output: 0, costNanos: 0 };
    this.#entries.set(key, entry);
    const cost = this.#prices.costOf({
      provider,
      model,
      at: this.#clock.now(),
      inputTokens: usage.input,
      outputTokens: usage.output,
      cachedInputTokens: usage.cachedInput,
      cacheWriteTokens: usage.cacheWrite,
    });
    if (cost.reason !== null) this.#doubts.add(`the cost of ${key} is not known: ${cost.reason}`);
    entry.calls += 1;
    entry.input += usage.input ?? 0;
    entry.output += usage.output ?? 0;
    entry.costNanos = entry.costNanos === null || cost.nanos === null ? null : entry.costNanos + cost.nanos;
    if (usage.input !== null && usage.input > 0) {
      this.#measuredCharacters += promptCharacters;
      this.#measuredTokens += usage.input;
    }
  }

  /** One entry a model. A provider that counts no tokens is written as 0, with a doubt. */
  usage(): LlmUsage[] {
    return [...this.#entries.values()].map(({ provider, model, calls, input, output, costNanos }) => ({
      provider,
      model,
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      api_calls: calls,
      cost_usd: costNanos === null ? null : costNanos / NANOS,
    }));
  }

  /** Why figures are not whole. */
  doubts(): string[] {
    return [...this.#doubts];
  }

  /** Tokens of prompts for each of their characters, as measured here; `null` when no provider counted. */
  tokensPerCharacter(): number | null {
    return this.#measuredCharacters === 0 ? null : this.#measuredTokens / this.#measuredCharacters;
  }
}
