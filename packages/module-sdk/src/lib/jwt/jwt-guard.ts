import { PlatformError } from '@loopwright/protocol';
import type { JwtClaims, TokenValidator } from './jwt-validator.ts';

/** What the guards of all frameworks are made of. */
export interface JwtGuardOptions {
  /** A `JwtValidator`, or a `HostTokenValidator` that asks the host. */
  readonly validator: TokenValidator;
  /** Paths that need no token, compared exactly, without the query. @default `/health`, `/metrics`, `/docs`, `/openapi.json` */
  readonly skipPaths?: readonly string[];
}

/** An answer to a request that may not go on. */
export interface JwtRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string };
}

const SKIP_PATHS = ['/health', '/metrics', '/docs', '/openapi.json'];
const CLAIMS = new WeakMap<object, JwtClaims>();

/** What the token of a request says: of the `Request` of a handler, the request of Fastify or Express, the context of Hono. `undefined` when it needed none. */
export function claimsOf(request: object): JwtClaims | undefined {
  return CLAIMS.get(request);
}

/** Checks a request; gives an answer when it may not go on. */
export async function guardRequest(
  { validator, skipPaths = SKIP_PATHS }: JwtGuardOptions,
  { carrier, path, authorization }: { carrier: object; path: string; authorization: string | null | undefined },
): Promise<JwtRefusal | undefined> {
  if (skipPaths.includes(path)) return undefined;
  try {
    CLAIMS.set(carrier, await validator.authenticate(authorization));
    return undefined;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const headers = error.status === 401 ? { 'www-authenticate': 'Bearer' } : { 'retry-after': '5' };
    return { status: error.status, headers, body: { error: error.message } };
  }
}

/** The path of a URL as it came, without its query. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
