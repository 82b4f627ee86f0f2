import { jsonObjectSchema } from '@loopwright/protocol';
import { z } from 'zod';

/** The most filters of one strategy. */
const FILTER_LIMIT = 100;

const filterSchema = z.strictObject({
  with: jsonObjectSchema.refine((attributes) => Object.keys(attributes).length > 0, { error: 'A filter needs an attribute' }),
  correlate: z.record(z.string(), z.strictObject({ from: z.string(), expect: z.string().optional() })).optional(),
});
const filters = z.array(filterSchema).max(FILTER_LIMIT);
const one = z.strictObject({ one: filterSchema });
const all = z.strictObject({ all: filters.min(1) });
/** What ends another strategy has no end of its own. */
const endingSchema = z.union([one, z.strictObject({ any: filters }), all]);

/**
 * Which events are taken, and which end that: one event, one of each (`all`), or of `any` filter (none: every event) the first one, or
 * with `until` as many as come before a condition holds or other events have come; `until: false` never ends by itself.
 */
export const consumptionSchema = z.union([
  one,
  z.strictObject({ any: filters, until: z.union([z.string(), z.literal(false), endingSchema]).optional() }),
  all,
]);
/** A strategy as it is written. */
export type EventConsumption = z.infer<typeof consumptionSchema>;
/** A filter as it is written. */
export type WrittenFilter = z.infer<typeof filterSchema>;

/** The filters of a strategy and of what ends it, with where they stand below the strategy. */
export function* everyFilter(
  strategy: EventConsumption,
  path: readonly string[],
): Generator<{ filter: WrittenFilter; path: string[] }> {
  if ('one' in strategy) yield { filter: strategy.one, path: [...path, 'one'] };
  const [name, list] = 'any' in strategy ? ['any', strategy.any] : 'all' in strategy ? ['all', strategy.all] : ['', []];
  for (const [index, filter] of list.entries()) yield { filter, path: [...path, name, String(index)] };
  if ('any' in strategy && typeof strategy.until === 'object') yield* everyFilter(strategy.until, [...path, 'until']);
}
