import { PlatformError, isLoopback } from '@loopwright/protocol';
import { isInRanges, isLoopbackAddress } from './address-ranges.ts';
import type { KnownUser } from './users.ts';

/** Headers that proxies add: a request with one of them was not made on this machine, whoever its peer is. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip'] as const;

/** What is looked at. */
export interface HeaderRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Address of the other end of the socket, never of a header. */
  readonly peer: string | undefined;
}

/** Which pages may send requests. */
export interface PageRules {
  readonly trustedProxies: readonly string[];
  readonly publicUrl: string | null;
  /** Origins that may use the API, with credentials of their own. */
  readonly corsOrigins: readonly string[];
}

/** Somebody who is believed to be who the headers say. */
export interface HeaderUser extends KnownUser {
  /** Whether the request was made on this machine, and not by way of a proxy. */
  readonly isLocal: boolean;
}

/**
 * Development identity (`seeds/001`): whoever is on this machine, or comes by way of a trusted proxy, is who `X-User-Id` and `X-User-Email` say. Without them
 * somebody on this machine is `developer`; a proxy has to say who it is. Gives why nobody is believed, for the log. Throws UNAUTHORIZED for headers that are no names.
 */
export function developmentUser(
  { headers, peer }: HeaderRequest,
  trustedProxies: readonly string[],
): HeaderUser | { readonly refused: string } {
  const isProxied = isInRanges(peer, trustedProxies);
  if (!isProxied && !isLoopbackAddress(peer)) return { refused: 'identity headers from an address that is not trusted' };
  const forwarded = FORWARDED.find((name) => headers[name] !== undefined);
  if (!isProxied && forwarded !== undefined) return { refused: `the header ${forwarded} of a proxy that is not trusted` };
  const email = headerText(headers, 'x-user-email');
  const id = headerText(headers, 'x-user-id') ?? email;
  if (id === undefined && isProxied) return { refused: 'a trusted proxy that does not say who it is' };
  const userId = id ?? 'developer';
  if (!/^[\w.@+-]{1,200}$/.test(userId)) throw new PlatformError('UNAUTHORIZED', 'Cannot read X-User-Id: it is not a user name');
  if (email !== undefined && !/^(?=.{3,254}$)[\w.+-]+@[\w.-]+$/.test(email))
    throw new PlatformError('UNAUTHORIZED', 'Cannot read X-User-Email: it is not an address');
  return { userId, email: email ?? null, name: email?.split('@')[0] ?? null, isLocal: !isProxied };
}

/** Whether a request names its user by both headers. */
export function hasIdentityHeaders(headers: HeaderRequest['headers']): boolean {
  return headerText(headers, 'x-user-id') !== undefined && headerText(headers, 'x-user-email') !== undefined;
}

/**
 * Whoever can reach the loopback address is believed, so requests that a web page sends on the visitor's behalf are refused: a foreign `Host` (a rebound
 * name) and a foreign `Origin`. Origins that may use the API may do so with credentials of their own: nobody is believed for coming from there. Throws FORBIDDEN.
 */
export function checkPage(
  { headers, peer, hasCredentials }: HeaderRequest & { readonly hasCredentials: boolean },
  { trustedProxies, publicUrl, corsOrigins }: PageRules,
): void {
  const { origin, host = '' } = headers;
  const isProxied = isInRanges(peer, trustedProxies);
  if (!isProxied && !isLoopback(String(host)))
    throw new PlatformError('FORBIDDEN', `Cannot answer for the host "${String(host)}": this server serves loopback only`);
  const own = isProxied
    ? [publicUrl === null ? `https://${String(host)}` : new URL(publicUrl).origin, `http://${String(host)}`]
    : [`http://${String(host)}`];
  if (origin === undefined || own.includes(String(origin)) || (hasCredentials && corsOrigins.includes(String(origin)))) return;
  if (corsOrigins.includes(String(origin)))
    throw new PlatformError(
      'FORBIDDEN',
      `Cannot answer a page of the origin "${String(origin)}" without an API key or a token: headers of development are believed from this server's own pages only`,
    );
  throw new PlatformError('FORBIDDEN', `Cannot answer a page of the origin "${String(origin)}": it is not this server's`);
}

function headerText(headers: HeaderRequest['headers'], name: string): string | undefined {
  const value = headers[name];
  const text = (Array.isArray(value) ? value.join(', ') : value)?.trim();
  return text === '' ? undefined : text;
}
