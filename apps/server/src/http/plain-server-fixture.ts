import { ModelClient, ProviderKeys } from '@loopwright/models';
import { type ServerHealth, systemClock, systemRandom } from '@loopwright/protocol';
import { Supervisor } from '../modules/supervisor.ts';
import type { AppParts } from './app.ts';
import type { Protection } from './protection/protection.ts';

const NO_KEY = { key: null, file: null };
const NOWHERE = 'http://127.0.0.1:9';

/** No limit of a test server. */
export const UNPROTECTED: Protection = {
  rates: { address: null, user: null, key: null, refusals: null },
  quotas: { starts: null },
  corsOrigins: [],
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  connectionsMax: 10_000,
};

/** The health of a server without modules. */
export const HEALTHY: ServerHealth = { status: 'healthy', version: '0.0.0', pid: 1, uptime_seconds: 1, modules: [] };

/** Models of whom none is set. */
export const NO_MODELS = new ModelClient({
  keys: new ProviderKeys({ anthropic: NO_KEY, openai: NO_KEY, compatible: NO_KEY }),
  urls: { anthropic: NOWHERE, openai: NOWHERE, compatible: null },
  fetch: globalThis.fetch,
  model: null,
  fallback: null,
  timeoutMs: 1000,
  attempts: 1,
  retryDelayMs: 1,
  clock: systemClock,
  random: systemRandom,
});

/** What most tests do without. */
export function partsOf({
  dashboard = null,
  supervisor,
}: {
  readonly dashboard?: AppParts['dashboard'];
  readonly supervisor?: Supervisor;
}): Pick<AppParts, 'dashboard' | 'supervisor'> {
  if (supervisor !== undefined) return { dashboard, supervisor };
  const none = new Supervisor({ modules: [], orchestratorApi: '', log: () => undefined });
  void none.stop();
  return { dashboard, supervisor: none };
}
