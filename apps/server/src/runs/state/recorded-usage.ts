import { agentUsageSchema } from '@loopwright/protocol';
import { z } from 'zod';

const amount = z.number().nonnegative().nullable();

/** What one agent has used in a phase, as the rows of runs keep it: with what its calls were expected to cost, `null` where nobody said. */
export const recordedUsageSchema = agentUsageSchema.omit({ cost: true }).extend({
  estimate: z.object({ usd: amount, low_usd: amount, high_usd: amount, reason: z.string().nullable() }).nullable().default(null),
});
export type RecordedUsage = z.infer<typeof recordedUsageSchema>;
