import { Client } from '@loopwright/client';
import { PlatformError } from '@loopwright/protocol';
import { preferences } from '../preferences/preferences.ts';

/** The root of the server, with the path below which a proxy may serve it; it ends with "/". */
export const BASE_URL = new URL('.', document.baseURI).href;

/** The path of {@link BASE_URL} without its last "/": what the router leaves out. */
export const BASE_PATH = new URL(BASE_URL).pathname.replace(/\/$/, '');

/**
 * Who this page is on a server with development identity; empty for the server's own name. As it was when the page was loaded: what somebody chooses in
 * another tab changes nothing here, where another name is shown.
 */
export const { developmentUser } = preferences();

let csrfToken: string | null = null;

/** Remembers the token that unsafe requests of the session send. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Headers that say who asks, besides the cookie of a session. */
export function identityHeaders(): Record<string, string> {
  return {
    ...(csrfToken === null ? {} : { 'x-csrf-token': csrfToken }),
    ...(developmentUser === '' ? {} : { 'x-user-id': developmentUser }),
  };
}

/** The API of the server that this page came from. */
export const api = new Client({ baseUrl: BASE_URL, headers: identityHeaders });

/** A link to something of the server that is no page of the dashboard. */
export function serverUrl(path: string): string {
  return BASE_URL.replace(/\/$/, '') + path;
}

/** Whether nobody is signed in any more. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'UNAUTHORIZED';
}
