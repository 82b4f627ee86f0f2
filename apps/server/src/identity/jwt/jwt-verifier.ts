import { type Clock, messageOf } from '@loopwright/protocol';
import { type JWTPayload, errors, jwtVerify } from 'jose';
import { type ClaimedUser, userOfClaims } from '../claim-rules.ts';
import { type FindKey, openIssuerKeys } from './issuer-keys.ts';
import type { JwtIssuerSettings } from './issuer-settings.ts';
import { parseToken } from './parse-token.ts';

/** Whoever a valid token is about, and until when. */
export interface TokenUser extends ClaimedUser {
  /** `jti`, when the issuer gives one. */
  readonly tokenId: string | null;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

interface Issuer {
  readonly settings: JwtIssuerSettings;
  readonly findKey: FindKey;
}

/** What a verifier is made of. */
export interface JwtVerifierOptions {
  readonly issuers: readonly JwtIssuerSettings[];
  readonly clock: Clock;
  readonly onTrouble: (message: string) => void;
}

/** Checks JSON Web Tokens of configured issuers as RFC 8725 asks. */
export class JwtVerifier {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #clock: Clock;

  private constructor(issuers: ReadonlyMap<string, Issuer>, clock: Clock) {
    this.#issuers = issuers;
    this.#clock = clock;
  }

  /** Opens the keys of every issuer. Throws INVALID_CONFIGURATION. */
  static async open({ issuers, clock, onTrouble }: JwtVerifierOptions): Promise<JwtVerifier> {
    const opened = new Map<string, Issuer>();
    for (const settings of issuers)
      opened.set(settings.issuer, { settings, findKey: await openIssuerKeys(settings, { clock, onTrouble }) });
    return new JwtVerifier(opened, clock);
  }

  /** Whom a token is about, or for the log why it is not taken. Throws SERVICE_UNAVAILABLE when the issuer's keys cannot be had. */
  async verify(token: string): Promise<TokenUser | { readonly refused: string }> {
    const parsed = parseToken(token);
    if ('refused' in parsed) return parsed;
    const { header } = parsed;
    const issuer = this.#issuers.get(parsed.issuer);
    if (issuer === undefined) return { refused: 'unknown issuer' };
    const { settings } = issuer;
    if (!settings.algorithms.some((algorithm) => algorithm === header.alg))
      return { refused: 'algorithm is not the configured one' };
    if (!isType(header.typ, settings.token_types)) return { refused: 'wrong type of token' };
    const key = await issuer.findKey(header);
    if (key === undefined) return { refused: 'unknown key id' };
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...settings.algorithms],
        issuer: settings.issuer,
        audience: settings.audience,
        clockTolerance: settings.clock_tolerance_seconds,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp', 'iss', 'aud'],
      });
      return tokenUser(payload, settings);
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return { refused: messageOf(error) };
      throw error;
    }
  }
}

function tokenUser(payload: JWTPayload, settings: JwtIssuerSettings): TokenUser | { readonly refused: string } {
  const { exp = 0, iat, jti } = payload;
  const limit = settings.max_life_seconds;
  if (limit !== null && (iat === undefined || exp - iat > limit)) return { refused: 'longer life than is allowed' };
  const user = userOfClaims(payload, settings.claims);
  if ('refused' in user) return user;
  const tokenId = typeof jti === 'string' && jti.length <= 200 ? jti : null;
  return { ...user, tokenId, expiresAt: exp * 1000 };
}

/** `typ` is compared without regard to case and to the prefix that may be left out (RFC 7515 §4.1.9). A token that does not say what it is is not taken. */
function isType(typ: string | undefined, allowed: readonly string[]): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/^application\//, '');
  return typ !== undefined && allowed.some((type) => plain(type) === plain(typ));
}
