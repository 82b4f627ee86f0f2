import type { ExecutionEvent, StoreReader } from '@loopwright/engine';
import { z } from 'zod';
import { merged } from './agent-usage.ts';
import { type RecordedUsage, recordedUsageSchema } from './recorded-usage.ts';

/** Events of one read. */
const PAGE = 500;

/** Decimal texts of US dollars. */
const amount = z
  .string()
  .nullable()
  .transform((text) => (text === null ? null : Number(text)));
const estimateSchema = z.object({ usd: amount, low_usd: amount, high_usd: amount, reason: z.string().nullable() });

/** Reads what the steps of executions have used from their events, each event once. */
export class UsageReader {
  readonly #read: StoreReader;
  readonly #cursors = new Map<string, number>();
  /** By the task at the top of the definition, which is the phase. */
  readonly #found = new Map<string, RecordedUsage[]>();

  constructor(read: StoreReader) {
    this.#read = read;
  }

  /** What was used in each phase, by these executions and by those that they run. */
  usage(executionIds: readonly string[]): ReadonlyMap<string, readonly RecordedUsage[]> {
    for (const id of executionIds) this.#follow(id, undefined);
    return this.#found;
  }

  #follow(executionId: string, phase: string | undefined): void {
    for (;;) {
      const after = this.#cursors.get(executionId) ?? 0;
      const events = this.#read.events(executionId, after, PAGE);
      for (const event of events) if (event.type === 'spent') this.#add(event, phase);
      const last = events.at(-1);
      if (last !== undefined) this.#cursors.set(executionId, last.seq);
      if (events.length < PAGE) break;
    }
    for (const child of this.#read.children(executionId))
      this.#follow(child, phase ?? topOf(this.#read.parent(child)?.key ?? ''));
  }

  #add({ step, data }: ExecutionEvent, phase: string | undefined): void {
    const { key } = data;
    const at = phase ?? topOf(typeof key === 'string' ? key : '');
    const [input, output] = [data['input_tokens'], data['output_tokens']];
    const usage = recordedUsageSchema.safeParse({
      agent: data['agent'] ?? step ?? '',
      provider: data['provider'],
      model: data['model'],
      calls: data['calls'],
      token_usage: input === null && output === null ? null : { input: input ?? 0, output: output ?? 0 },
      total_tokens: data['tokens'],
      cost_usd: data['cost_usd'] === null ? null : Number(data['cost_usd']),
      estimate: estimateSchema.safeParse(data['estimate']).data ?? null,
    });
    if (usage.success) this.#found.set(at, merged([...(this.#found.get(at) ?? []), usage.data]));
  }
}

/** The first name of a key: the task at the top, without which visit of it this is. */
function topOf(key: string): string {
  return /^[^/#@]*/.exec(key)?.[0] ?? '';
}
