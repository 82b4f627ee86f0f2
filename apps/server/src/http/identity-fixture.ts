import { type Clock, systemClock, systemRandom } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { SETTINGS } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { Presented } from '../identity/authenticator.ts';
import type { NewKey } from '../identity/api-key-rights.ts';
import { type Identity, type IdentityConfiguration, openIdentity } from '../identity/identity.ts';
import type { Principal, Role } from '../identity/principal.ts';

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

/** Makes a user with a key; gives the header that proves it. */
export async function keyFor(
  { users, keys }: Identity,
  userId: string,
  role: Role,
  restrictions: Partial<NewKey> = {},
): Promise<{ readonly id: string; readonly key: string; readonly headers: { readonly authorization: string } }> {
  await users.ensure(userId, role);
  const unrestricted = { roleCap: null, scopes: null, projects: null, expiresAt: null };
  const { row, key } = await keys.issue({ userId, name: 'test', ...unrestricted, ...restrictions });
  return { id: row.key_id, key, headers: { authorization: `Bearer ${key}` } };
}

/** The cookie that an answer sets, as the browser sends it back. */
export function cookieOf(setCookie: string | readonly string[] | null | undefined, name: string): string {
  const list = [setCookie ?? []].flat();
  const found = list.find((cookie) => cookie.startsWith(`${name}=`));
  if (found === undefined) throw new Error(`Cannot go on: the answer sets no cookie "${name}"`);
  return found.split(';')[0] ?? '';
}

/** Identities that a test makes up, in place of what the credentials of a request say. */
export function actedBy(identity: Identity, principalOf?: (presented: Presented) => Principal | undefined): Identity {
  if (principalOf === undefined) return identity;
  const authenticate: Identity['authenticator']['authenticate'] = async (presented) => {
    const principal = principalOf(presented);
    if (principal === undefined) return { reason: 'missing_credentials', refused: 'nobody', shown: null };
    return { principal, sessionSecret: null };
  };
  return { ...identity, authenticator: { authenticate } };
}
