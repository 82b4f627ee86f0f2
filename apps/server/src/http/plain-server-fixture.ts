import type { ServerHealth } from '@loopwright/protocol';
import type { Protection } from './protection/protection.ts';

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
