import { type EngineLimits, parseRateLimits } from '@loopwright/engine';
import type { Configuration } from './settings.ts';

/** What the engine allows, from the settings. Throws INVALID_CONFIGURATION for a rate limit that cannot be read. */
export function engineLimits(configuration: Configuration): EngineLimits {
  const { concurrentExecutions, concurrentSteps, rateLimits, budgetCostUsd } = configuration;
  return {
    budgets: {
      cost_usd: budgetCostUsd === null ? null : budgetCostUsd.toFixed(9),
      tokens: configuration.budgetTokens,
      attempts: configuration.budgetAttempts,
      wall_seconds: configuration.budgetWallSeconds,
    },
    ...(concurrentExecutions === null ? {} : { executions: concurrentExecutions }),
    ...(concurrentSteps === null ? {} : { steps: concurrentSteps }),
    ...(rateLimits === null ? {} : { rates: parseRateLimits(rateLimits) }),
  };
}
