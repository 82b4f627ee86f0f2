import { type Clock, PlatformError, type Random, isLoopback } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { Configuration } from '../config/settings.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { ApiKeys } from './api-keys.ts';
import { Authenticator, type IdentityMode } from './authenticator.ts';
import { JwtVerifier } from './jwt/jwt-verifier.ts';
import { OidcLogin } from './oidc/oidc-login.ts';
import { OpenStreams } from './open-streams.ts';
import type { Role } from './principal.ts';
import { type CookieRules, cookieRules } from './session-cookie.ts';
import { Sessions } from './sessions.ts';
import { StreamTickets } from './stream-tickets.ts';
import { Users } from './users.ts';

/** The settings that say who may come in. */
export type IdentityConfiguration = Pick<
  Configuration,
  'host' | 'identity' | 'trustedProxies' | 'publicUrl' | 'jwtIssuers' | 'oidc' | 'sessionIdleMinutes' | 'sessionMaxHours'
>;

/** Everything that knows who makes a request. */
export interface Identity {
  readonly mode: IdentityMode;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly keys: ApiKeys;
  readonly sessions: Sessions;
  readonly tickets: StreamTickets;
  readonly streams: OpenStreams;
  readonly users: Users;
  readonly cookies: CookieRules;
  /** `null`: no identity provider is configured. */
  readonly login: OidcLogin | null;
  readonly trustedProxies: readonly string[];
  readonly publicUrl: string | null;
  readonly clock: Clock;
}

/** What {@link openIdentity} needs. */
export interface IdentityOptions {
  readonly configuration: IdentityConfiguration;
  readonly database: ServerDatabase;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
  /** The role of a user who comes for the first time. */
  readonly newUserRole: (userId: string) => Role;
}

/** Whether credentials are needed: as the setting says, else as soon as an issuer is configured or other machines can reach the server. */
function identityMode({ identity, jwtIssuers, oidc, host }: IdentityConfiguration): IdentityMode {
  if (identity !== null) return identity;
  return jwtIssuers.length > 0 || oidc !== null || !isLoopback(host) ? 'configured' : 'development';
}

/** Opens all that knows who makes a request. Throws INVALID_CONFIGURATION. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { configuration, database, clock, random, log, newUserRole } = options;
  const { trustedProxies, publicUrl, oidc } = configuration;
  const mode = identityMode(configuration);
  const keys = new ApiKeys({ database, clock });
  const times = { idleMs: configuration.sessionIdleMinutes * 60_000, maxMs: configuration.sessionMaxHours * 3_600_000 };
  const sessions = new Sessions({ database, clock, random, times });
  const tickets = new StreamTickets(clock);
  const users = new Users({ database, clock, log, newUserRole });
  const cookies = cookieRules(configuration);
  const onTrouble = (message: string): void => log.warn(message);
  const jwt = await JwtVerifier.open({ issuers: configuration.jwtIssuers, clock, onTrouble });
  if (oidc !== null && publicUrl === null)
    throw new PlatformError('INVALID_CONFIGURATION', 'Cannot use oidc: public_url is not set, so that nobody finds back', {
      details: { setting: 'public_url' },
    });
  const login = oidc === null || publicUrl === null ? null : await OidcLogin.open({ settings: oidc, publicUrl, clock });
  const authenticator = new Authenticator({ mode, keys, jwt, sessions, tickets, users, cookies, trustedProxies });
  const streams = new OpenStreams(clock);
  return { mode, authenticator, keys, sessions, tickets, streams, users, cookies, login, trustedProxies, publicUrl, clock };
}
