import { type Clock, messageOf, PlatformError } from '@loopwright/protocol';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  importJWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  SignJWT,
} from 'jose';
import { checkJwtConfig, type JwtConfig } from './jwt-config.ts';

/** What a valid token says. */
export type JwtClaims = JWTPayload;

/** Says what the token of a request says. */
export interface TokenValidator {
  /** What the token of an `Authorization` header says. @throws `UNAUTHORIZED` when there is none or it is not valid, `SERVICE_UNAVAILABLE` when that cannot be told now. */
  authenticate(header: string | null | undefined): Promise<JwtClaims>;
}

/** Characters of the longest token that is looked at. */
export const TOKEN_LIMIT = 16 * 1024;

const BEARER = 'Bearer ';
const KEYS_TIMEOUT_MS = 5000;
const LIFE_SECONDS = 3600;

/** The token of an `Authorization` header. @throws `UNAUTHORIZED` with the source's texts. */
export function tokenFromHeader(header: string | null | undefined): string {
  if (header === null || header === undefined) throw refused('Missing Authorization header');
  if (!header.startsWith(BEARER)) throw refused("Authorization header must start with 'Bearer '");
  const token = header.slice(BEARER.length).trim();
  if (token === '') throw refused('Empty token in Authorization header');
  return token;
}

/** Checks and makes JSON Web Tokens. */
export class JwtValidator implements TokenValidator {
  readonly #config: JwtConfig;
  readonly #clock: Clock;
  readonly #secret: Uint8Array | undefined;
  readonly #keys: JWTVerifyGetKey | undefined;

  /** @throws `INVALID_CONFIGURATION` */
  constructor(config: JwtConfig, { clock }: { readonly clock: Clock }) {
    checkJwtConfig(config);
    this.#config = config;
    this.#clock = clock;
    const { secretKey, keys } = config;
    this.#secret = secretKey === undefined ? undefined : new TextEncoder().encode(secretKey);
    if (keys instanceof URL) this.#keys = createRemoteJWKSet(keys, { timeoutDuration: KEYS_TIMEOUT_MS });
    else if (keys !== undefined) this.#keys = createLocalJWKSet(keys);
  }

  /** What a token says. @throws `UNAUTHORIZED` when it is not valid, `SERVICE_UNAVAILABLE` when the keys cannot be had now. */
  async validate(token: string): Promise<JwtClaims> {
    const { algorithm = 'HS256', audience, issuer, verifyExp = true, clockToleranceSeconds = 0 } = this.#config;
    const { verifyAud = audience !== undefined, verifyIss = issuer !== undefined } = this.#config;
    if (token.length > TOKEN_LIMIT) throw refused(`Invalid JWT token: it has more than ${TOKEN_LIMIT} characters`);
    const options = {
      algorithms: [algorithm],
      currentDate: new Date(this.#clock.now()),
      // Without a look at the time, any difference of the clocks is allowed.
      clockTolerance: verifyExp ? clockToleranceSeconds : Number.MAX_SAFE_INTEGER,
      requiredClaims: verifyExp ? ['exp'] : [],
      ...(verifyAud && audience !== undefined ? { audience } : {}),
      ...(verifyIss && issuer !== undefined ? { issuer } : {}),
    };
    try {
      const keys = this.#keys;
      const { payload } =
        keys === undefined ? await jwtVerify(token, this.#secret ?? NO_KEY, options) : await jwtVerify(token, keys, options);
      return payload;
    } catch (error) {
      if (this.#config.keys instanceof URL && !isAboutToken(error))
        throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot check the token: its keys cannot be had now', { cause: error });
      throw refused(`Invalid JWT token: ${messageOf(error)}`);
    }
  }

  /** What the token of an `Authorization` header says. @throws As {@link tokenFromHeader} and {@link JwtValidator.validate}. */
  async authenticate(header: string | null | undefined): Promise<JwtClaims> {
    return this.validate(tokenFromHeader(header));
  }

  /** Makes a token, with the configured issuer and audience. @throws `INVALID_CONFIGURATION` without a secret or private key. */
  async create(
    claims: JwtClaims,
    { expiresInSeconds = LIFE_SECONDS }: { readonly expiresInSeconds?: number } = {},
  ): Promise<string> {
    const { algorithm = 'HS256', audience, issuer, privateKey } = this.#config;
    const key = this.#secret ?? privateKey;
    if (key === undefined) throw new PlatformError('INVALID_CONFIGURATION', 'Cannot make a token: there is no private key');
    const now = Math.floor(this.#clock.now() / 1000);
    const kid = privateKey !== undefined && 'kid' in privateKey ? privateKey.kid : undefined;
    const token = new SignJWT({ ...claims })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .setIssuedAt(now)
      .setExpirationTime(now + expiresInSeconds);
    if (issuer !== undefined) token.setIssuer(issuer);
    if (audience !== undefined) token.setAudience(audience);
    return token.sign('kty' in key ? await importJWK(key, algorithm) : key);
  }
}

/** With a private key only, tokens are made and not checked. */
const NO_KEY = new Uint8Array();

/** Errors of the set of keys that a token can cause are its own fault; all others are those of the network. */
function isAboutToken(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  return error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC';
}

function refused(message: string): PlatformError {
  return new PlatformError('UNAUTHORIZED', message);
}
