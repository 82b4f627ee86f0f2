import type { Random } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';

/** One answered call of a model; see the migration for the units. */
export interface ModelUsageTable {
  readonly id: string;
  readonly execution_id: string;
  /** `null` where nobody wrote it down. */
  readonly project_id: string | null;
  readonly unit: string;
  readonly agent: string;
  readonly phase: string;
  readonly provider: string;
  readonly model: string;
  readonly prompt_characters: number;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cached_input_tokens: number;
  readonly cache_write_tokens: number;
  readonly cost_nanos: number | null;
  readonly at: number;
}

/** What calls cost together: `null` when one of them has no known cost. */
export interface UsageTotal {
  readonly calls: number;
  readonly costNanos: number | null;
}

/** How many of the last calls a history looks at. */
const HISTORY = 200;

/** The record of what models were asked and what they used. */
export class ModelUsage {
  readonly #parts: { readonly database: () => ServerDatabase; readonly random: Random };

  constructor(parts: { database: () => ServerDatabase; random: Random }) {
    this.#parts = parts;
  }

  /** Records a call. Each is recorded by itself, also when the same step asks again after a crash: it was paid for again. */
  async record(usage: Omit<ModelUsageTable, 'id'>): Promise<void> {
    await this.#parts
      .database()
      .insertInto('model_usage')
      .values({ id: this.#parts.random.uuid(), ...usage })
      .execute();
  }

  /** The last answered calls of a model for one unit of work in a project, the newest first, at most 200. */
  async history({
    projectId,
    unit,
    provider,
    model,
  }: {
    projectId: string;
    unit: string;
    provider: string;
    model: string;
  }): Promise<Pick<ModelUsageTable, 'prompt_characters' | 'input_tokens' | 'output_tokens'>[]> {
    return this.#parts
      .database()
      .selectFrom('model_usage')
      .select(['prompt_characters', 'input_tokens', 'output_tokens'])
      .where('project_id', '=', projectId)
      .where('unit', '=', unit)
      .where('provider', '=', provider)
      .where('model', '=', model)
      .orderBy('at', 'desc')
      .limit(HISTORY)
      .execute();
  }

  /** Tokens of the prompt for each character of it, in the last calls of a model in a project, at most 200. */
  async tokensPerCharacter({
    projectId,
    provider,
    model,
  }: {
    projectId: string;
    provider: string;
    model: string;
  }): Promise<number[]> {
    const rows = await this.#parts
      .database()
      .selectFrom('model_usage')
      .select(['prompt_characters', 'input_tokens'])
      .where('project_id', '=', projectId)
      .where('provider', '=', provider)
      .where('model', '=', model)
      .orderBy('at', 'desc')
      .limit(HISTORY)
      .execute();
    return rows.flatMap(({ prompt_characters, input_tokens }) =>
      input_tokens === null || prompt_characters === 0 ? [] : [input_tokens / prompt_characters],
    );
  }

  /** What some executions used in all. */
  async totalOf(executionIds: readonly string[]): Promise<UsageTotal> {
    if (executionIds.length === 0) return { calls: 0, costNanos: 0 };
    const rows = await this.#parts
      .database()
      .selectFrom('model_usage')
      .select(['cost_nanos'])
      .where('execution_id', 'in', [...executionIds])
      .execute();
    const costs = rows.map(({ cost_nanos }) => cost_nanos);
    return {
      calls: rows.length,
      costNanos: costs.reduce((sum: number | null, cost) => (sum === null || cost === null ? null : sum + cost), 0),
    };
  }
}
