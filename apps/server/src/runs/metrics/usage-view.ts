import type { AgentUsage } from '@loopwright/protocol';
import type { RecordedUsage } from '../state/recorded-usage.ts';
import { compareCosts } from './compare-costs.ts';

/** What an agent used, as the API has it. */
export function usageView(usage: RecordedUsage): AgentUsage {
  const { estimate: _, ...used } = usage;
  return { ...used, cost: compareCosts([usage]) };
}
