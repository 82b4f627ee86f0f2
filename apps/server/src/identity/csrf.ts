import { createHmac } from 'node:crypto';
import { PlatformError } from '@loopwright/protocol';
import { sameText } from './secret-text.ts';

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Where a request says that it comes from. */
export interface RequestOrigin {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly isWebSocket: boolean;
}

/** The token of a session: made of its secret, so that it is nowhere stored and ends with it. */
export function csrfToken(sessionSecret: string): string {
  return createHmac('sha256', sessionSecret).update('loopwright csrf token').digest('base64url');
}

/**
 * Lets a request pass that its own browser was not tricked into: one that changes something comes from a page of this origin and has the token of the
 * session; a WebSocket, which no rule of browsers keeps other pages from opening, comes from this origin. No request of a page of another origin counts in a
 * session, reading ones included, whichever origins may use the API otherwise. Throws CSRF_REFUSED.
 */
export function checkCsrf(request: RequestOrigin, sessionSecret: string, ownOrigin: string): void {
  if (request.isWebSocket) return checkOrigin(request, ownOrigin);
  if (SAFE_METHODS.has(request.method)) return checkForeign(request, ownOrigin);
  checkOrigin(request, ownOrigin);
  const token = request.headers['x-csrf-token'];
  if (typeof token !== 'string' || !sameText(token, csrfToken(sessionSecret)))
    throw refusal('the header X-CSRF-Token is missing or wrong');
}

/** Refuses a request that a page of another origin sends, or that does not say which page sends it. */
export function checkOrigin({ headers, isWebSocket }: RequestOrigin, ownOrigin: string): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  checkForeign({ headers }, ownOrigin);
  if (site !== undefined && site !== 'same-origin') throw refusal('it comes from another site');
  if (origin === undefined && (isWebSocket || site === undefined)) throw refusal('it does not say where it comes from');
}

function checkForeign({ headers: { origin } }: Pick<RequestOrigin, 'headers'>, ownOrigin: string): void {
  if (origin !== undefined && origin !== ownOrigin) throw refusal('it comes from a page of another origin');
}

function refusal(why: string): PlatformError {
  return new PlatformError('CSRF_REFUSED', `Cannot take the request of a session: ${why}`);
}
