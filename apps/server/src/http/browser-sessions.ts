import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CookieRules, cookieIn, setCookie } from '../identity/session-cookie.ts';
import type { NewSession, StoredSession } from '../identity/sessions.ts';
import type { Identity } from '../identity/identity.ts';
import { endCredential } from './end-credential.ts';

/** A login, as far as the request does not say it. */
export type Login = Omit<NewSession, 'address' | 'userAgent'>;

/**
 * Opens a session for the browser that sends the request and sets its cookie. The value is always new, and the session that the browser brought ends: whoever
 * planted that one has nothing of the login.
 */
export async function openBrowserSession(
  identity: Identity,
  request: FastifyRequest,
  reply: FastifyReply,
  login: Login,
): Promise<{ session: StoredSession; secret: string }> {
  const { sessions, cookies, clock } = identity;
  const before = cookieIn(request.headers.cookie, cookies.session);
  const old = before === null ? undefined : await sessions.authenticate(before);
  const { session, secret } = await sessions.open({
    ...login,
    address: request.socket.remoteAddress ?? null,
    userAgent: request.headers['user-agent'] ?? null,
  });
  if (old !== undefined && 'principal' in old)
    await endBrowserSession(identity, old.principal.userId, old.principal.credentialId);
  void sendCookie(reply, cookies, secret, (session.expires_at - clock.now()) / 1000);
  return { session, secret };
}

/** Ends a session with what was opened in it. */
export async function endBrowserSession(identity: Identity, userId: string, sessionId: string | null): Promise<void> {
  if (sessionId === null) return;
  await identity.sessions.end(userId, sessionId);
  endCredential(identity, sessionId);
}

/** Sets the session's cookie, or removes it with an empty value. */
export function sendCookie(reply: FastifyReply, cookies: CookieRules, secret: string, seconds: number): FastifyReply {
  return reply.header('set-cookie', setCookie(cookies, cookies.session, secret, seconds)).header('cache-control', 'no-store');
}

/**
 * A path of this server, below `basePath` as browsers see it; anything that a browser could take for another place, or that is something else that the host serves, is
 * the start page.
 */
export function localPath(path: string, basePath: string): string {
  const base = 'http://own.invalid';
  const start = `${basePath}/`;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\') || !URL.canParse(path, base)) return start;
  const url = new URL(path, base);
  const local = `${url.pathname}${url.search}${url.hash}`;
  // The dots of "/.//other" are gone by now.
  return url.origin === base && !local.startsWith('//') && url.pathname.startsWith(start) ? local : start;
}
