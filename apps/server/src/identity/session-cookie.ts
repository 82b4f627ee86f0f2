import { isLoopback } from '@loopwright/protocol';

/** How cookies are set: as strictly as the way to the browser allows. */
export interface CookieRules {
  /** Whether browsers come over TLS. On loopback they need not, elsewhere nothing is sent without. */
  readonly secure: boolean;
  /** Cookie of a session, and of a login that is under way. */
  readonly session: string;
  readonly login: string;
  /** The path below which browsers see the server; empty for none. Cookies are sent below it only. */
  readonly basePath: string;
  /** The origin of the server's own pages, for a request with this `Host`. */
  readonly originOf: (host: string) => string;
}

/**
 * The rules for a server that listens on `host`, or that browsers reach by `publicUrl`. With TLS the names begin with `__Host-`: then no other host of the
 * domain, and no page without TLS, can set them. Below a path they cannot begin so, which is for cookies of a whole host only: with `__Secure-` no page without TLS can
 * set them, and what else the host serves does not get them.
 */
export function cookieRules({ host, publicUrl }: { host: string; publicUrl: string | null }): CookieRules {
  const secure = publicUrl === null ? !isLoopback(host) : publicUrl.startsWith('https:');
  const { origin, pathname } = new URL(publicUrl ?? 'http://own.invalid');
  const basePath = pathname.replace(/\/$/, '');
  const prefix = secure ? (basePath === '' ? '__Host-' : '__Secure-') : '';
  return {
    basePath,
    secure,
    session: `${prefix}loopwright_session`,
    login: `${prefix}loopwright_login`,
    originOf: (requested) => (publicUrl === null ? `${secure ? 'https' : 'http'}://${requested}` : origin),
  };
}

/** A `Set-Cookie` that scripts cannot read and that requests of other sites do not carry, save for a link that is followed. An empty value removes it. */
export function setCookie(rules: CookieRules, name: string, value: string, maxAgeSeconds: number): string {
  const age = value === '' ? 0 : Math.max(0, Math.floor(maxAgeSeconds));
  return `${name}=${value}; Path=${rules.basePath || '/'}; HttpOnly; SameSite=Lax; Max-Age=${age}${rules.secure ? '; Secure' : ''}`;
}

/** The value of a cookie; `null` without it. Two of one name count as none: one of them was put there by somebody else. */
export function cookieIn(header: string | undefined, name: string): string | null {
  if (header === undefined) return null;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? (values[0] ?? null) : null;
}
