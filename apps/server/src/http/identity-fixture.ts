import { type Clock, systemClock, systemRandom } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { SETTINGS } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { type Identity, type IdentityConfiguration, openIdentity } from '../identity/identity.ts';

const DEFAULTS: IdentityConfiguration = {
  host: SETTINGS.host.default,
  identity: null,
  trustedProxies: [],
  publicUrl: null,
  jwtIssuers: [],
  oidc: null,
  sessionIdleMinutes: SETTINGS.session_idle_minutes.default,
  sessionMaxHours: SETTINGS.session_max_hours.default,
};

/** What a test server knows of identities. */
export interface TestIdentityOptions {
  readonly database: ServerDatabase;
  readonly log: FastifyBaseLogger;
  readonly configuration?: Partial<IdentityConfiguration> | undefined;
  readonly clock?: Clock | undefined;
}

/** Identities with the default settings, save for what the test says. */
export function openTestIdentity({ database, log, configuration, clock }: TestIdentityOptions): Promise<Identity> {
  return openIdentity({
    configuration: { ...DEFAULTS, ...configuration },
    database,
    log,
    clock: clock ?? systemClock,
    random: systemRandom,
    newUserRole: () => 'viewer',
  });
}
