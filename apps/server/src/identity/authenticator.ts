import type { ApiKeys } from './api-keys.ts';
import { type KeyAccess, SECRET_FORM } from './api-key-access.ts';
import { developmentUser } from './development-identity.ts';
import type { JwtVerifier } from './jwt/jwt-verifier.ts';
import { type IdentityMethod, type Principal, UNRESTRICTED } from './principal.ts';
import { type CookieRules, cookieIn } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';
import type { StreamTickets } from './stream-tickets.ts';
import type { Users } from './users.ts';

/** Whether headers are believed on this machine, or credentials are needed. */
export type IdentityMode = 'development' | 'configured';

/** The parts of a request that say who makes it. */
export interface Presented {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Address of the other end of the socket. */
  readonly peer: string | undefined;
  /** `?ticket=` of a stream; `undefined` for anything that is no stream. */
  readonly ticket: string | undefined;
}

/** Who makes a request. */
export interface Authenticated {
  readonly principal: Principal;
  /** The value of the session's cookie, when that is what was shown. */
  readonly sessionSecret: string | null;
}

/** Why nobody is known: `cause` is for the log, `reason` for the caller, who learns only whether there was something to check. */
export interface Unauthenticated {
  readonly reason: 'missing_credentials' | 'invalid_credentials';
  readonly refused: string;
  /** What was shown; `null` for nothing. */
  readonly shown: { readonly method: IdentityMethod | 'ticket'; readonly credentialId: string | null } | null;
}

/** What an authenticator asks. */
export interface AuthenticatorParts {
  readonly mode: IdentityMode;
  readonly keys: ApiKeys;
  readonly jwt: JwtVerifier;
  readonly sessions: Sessions;
  readonly tickets: StreamTickets;
  readonly users: Users;
  readonly cookies: CookieRules;
  readonly trustedProxies: readonly string[];
}

/**
 * The one chain that finds out who makes a request: `Authorization: Bearer` (API key or token), ticket of a stream, session cookie, development headers. The first
 * that is there decides: a credential that is wrong is refused, whatever else the request has.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts;

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
  }

  /** Who makes the request. Throws SERVICE_UNAVAILABLE when a token cannot be checked, UNAUTHORIZED for headers that are no names. */
  async authenticate(presented: Presented): Promise<Authenticated | Unauthenticated> {
    const { headers, ticket } = presented;
    if (headers['authorization'] !== undefined) {
      const token = bearerIn(String(headers['authorization']));
      return this.#outcome(await this.#byBearer(token), shownBearer(token));
    }
    if (ticket !== undefined) {
      const principal = this.#parts.tickets.redeem(ticket);
      const access = principal === undefined ? { refused: 'unknown ticket' } : { principal };
      return this.#outcome(access, { method: 'ticket', credentialId: null });
    }
    const secret = cookieIn(headers['cookie']?.toString(), this.#parts.cookies.session);
    if (secret !== null) {
      const access = await this.#parts.sessions.authenticate(secret);
      const shown = { method: 'session', credentialId: null } as const;
      if ('principal' in access) return this.#outcome(access, shown, secret);
      // A browser keeps the cookie of a server that was on this port before; on a machine of one's own that keeps nobody out.
      if (this.#parts.mode === 'configured') return this.#outcome(access, shown);
    }
    return this.#byHeaders(presented);
  }

  async #byBearer(token: string): Promise<KeyAccess> {
    if (token === '') return { refused: 'an authorization that is no bearer' };
    if (token.startsWith('lw_')) return this.#parts.keys.authenticate(token);
    const user = await this.#parts.jwt.verify(token);
    if ('refused' in user) return user;
    await this.#parts.users.seen(user);
    const { userId, email, projects, tokenId: credentialId, expiresAt } = user;
    const role = user.role ?? (await this.#parts.users.roleOf(userId));
    return { principal: { ...UNRESTRICTED, userId, email, method: 'jwt', role, projects, credentialId, expiresAt } };
  }

  async #byHeaders({ headers, peer }: Presented): Promise<Authenticated | Unauthenticated> {
    if (this.#parts.mode === 'configured') {
      const isGiven = headers['x-user-id'] !== undefined || headers['x-user-email'] !== undefined;
      return {
        reason: 'missing_credentials',
        refused: isGiven ? 'identity headers where identities are configured' : 'no credentials',
        shown: null,
      };
    }
    const user = developmentUser({ headers, peer }, this.#parts.trustedProxies);
    if ('refused' in user) return { reason: 'missing_credentials', refused: user.refused, shown: null };
    await this.#parts.users.seen(user);
    const { userId, email, isLocal } = user;
    // On a machine of one's own everybody may everything; a proxy brings people with roles.
    const role = isLocal ? 'admin' : await this.#parts.users.roleOf(userId);
    const principal: Principal = {
      ...UNRESTRICTED,
      userId,
      email,
      method: 'development',
      role,
      projects: new Map(),
      credentialId: null,
    };
    return { principal, sessionSecret: null };
  }

  async #outcome(
    access: KeyAccess,
    shown: NonNullable<Unauthenticated['shown']>,
    sessionSecret: string | null = null,
  ): Promise<Authenticated | Unauthenticated> {
    if ('refused' in access) return { reason: 'invalid_credentials', refused: access.refused, shown };
    const { principal } = access;
    if (principal.method !== 'development') await this.#parts.users.seen({ userId: principal.userId, email: null, name: null });
    return { principal, sessionSecret };
  }
}

function bearerIn(header: string): string {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1] ?? '';
}

/** What a bearer seems to be: the id of a key is no secret, and says which one is guessed at. */
function shownBearer(token: string): NonNullable<Unauthenticated['shown']> {
  if (!token.startsWith('lw_')) return { method: 'jwt', credentialId: null };
  return { method: 'api_key', credentialId: SECRET_FORM.exec(token)?.[1] ?? null };
}
