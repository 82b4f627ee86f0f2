import { systemClock, systemRandom } from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { BreakEvenParts } from './break-even.ts';
import { executionsOfRun } from './executions-of-run.ts';
import { ModelUsage } from './model-usage.ts';
import { PriceTable } from '@loopwright/models';

/** What a test server reckons with: its own tables and the bundled prices. */
export function moneyOf(database: ServerDatabase): BreakEvenParts {
  const usage = new ModelUsage({ database: () => database, random: systemRandom });
  return {
    usage,
    prices: PriceTable.load(null),
    executionsOf: (id) => executionsOfRun(database, id),
    projectOf: async () => 'default',
    clock: systemClock,
  };
}
