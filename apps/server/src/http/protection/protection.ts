import type { Configuration } from '../../config/settings.ts';
import type { DailyQuotas } from '../../quotas/daily-quotas.ts';
import type { RequestRates } from './rate-limits.ts';

/** What keeps the interface from being used up by one of those who use it. */
export interface Protection {
  readonly rates: RequestRates;
  readonly quotas: ConstructorParameters<typeof DailyQuotas>[0]['limits'];
  /** Origins whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  /** How long the headers of a request may take, and the whole of it, in milliseconds. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly connectionsMax: number;
}

/** What the settings say about it. */
export function protectionOf(configuration: Configuration): Protection {
  return {
    rates: {
      address: configuration.requestsPerMinuteAddress,
      user: configuration.requestsPerMinuteUser,
      key: configuration.requestsPerMinuteKey,
      refusals: configuration.refusalsPerMinuteAddress,
    },
    quotas: { starts: configuration.startsPerDayUser },
    corsOrigins: configuration.corsOrigins,
    headersTimeoutMs: configuration.headersTimeoutMs,
    requestTimeoutMs: configuration.requestTimeoutMs,
    connectionsMax: configuration.connectionsMax,
  };
}
