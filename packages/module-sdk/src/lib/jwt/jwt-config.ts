import { PlatformError } from '@loopwright/protocol';
import type { CryptoKey, JSONWebKeySet, JWK } from 'jose';

/** Algorithms that tokens may have; one is pinned. */
export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

/** How tokens are checked and made; names and defaults as in the source. */
export interface JwtConfig {
  /** The only one that is taken, whatever a token says. @default HS256 */
  readonly algorithm?: JwtAlgorithm;
  /** For HS256: at least 32 bytes (RFC 7518 §3.2). */
  readonly secretKey?: string;
  /** For the others: the public keys, or where they are (https, or http on loopback). */
  readonly keys?: JSONWebKeySet | URL;
  /** For the others, to make tokens. */
  readonly privateKey?: CryptoKey | JWK;
  /** Whether there must be a time of expiry that is not over. @default true */
  readonly verifyExp?: boolean;
  /** Whether the audience must be `audience`. @default Whether `audience` is given. */
  readonly verifyAud?: boolean;
  /** Whether the issuer must be `issuer`. @default Whether `issuer` is given. */
  readonly verifyIss?: boolean;
  readonly audience?: string;
  readonly issuer?: string;
  /** How far clocks may differ. @default 0 */
  readonly clockToleranceSeconds?: number;
}

const SECRET_BYTES = 32;

/** A configuration with its secret from `JWT_SECRET` or `PYWATT_JWT_SECRET`. @throws `INVALID_CONFIGURATION` when neither is set. */
export function jwtConfigFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  rest: Omit<JwtConfig, 'secretKey'> = {},
): JwtConfig {
  const secretKey = environment['JWT_SECRET'] ?? environment['PYWATT_JWT_SECRET'];
  if (secretKey === undefined) throw invalid('neither JWT_SECRET nor PYWATT_JWT_SECRET is set');
  return { ...rest, secretKey };
}

/** @throws `INVALID_CONFIGURATION` */
export function checkJwtConfig(config: JwtConfig): void {
  const { algorithm = 'HS256', secretKey, keys, privateKey } = config;
  if (algorithm === 'HS256') {
    if (secretKey === undefined) throw invalid('HS256 needs a secret');
    if (Buffer.byteLength(secretKey) < SECRET_BYTES) throw invalid(`the secret has less than ${SECRET_BYTES} bytes`);
    if (keys !== undefined || privateKey !== undefined) throw invalid('HS256 has a secret and no keys');
  } else if (secretKey !== undefined) throw invalid(`${algorithm} has keys and no secret`);
  else if (keys === undefined && privateKey === undefined) throw invalid(`${algorithm} needs keys`);
  if (keys instanceof URL && keys.protocol !== 'https:' && !LOOPBACK.has(keys.hostname))
    throw invalid('keys are fetched by https only');
  if (config.verifyAud === true && config.audience === undefined) throw invalid('there is no audience to compare with');
  if (config.verifyIss === true && config.issuer === undefined) throw invalid('there is no issuer to compare with');
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

function invalid(why: string): PlatformError {
  return new PlatformError('INVALID_CONFIGURATION', `Cannot check tokens: ${why}`);
}
