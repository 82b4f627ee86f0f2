import { createHash } from 'node:crypto';
import type { Credentials } from './authentication-policy.ts';

const ALGORITHMS: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' };
const PARAMETER = /([a-z][\w-]*)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]+))/gi;

/** A request that digest authentication is computed for. */
export interface DigestRequest {
  readonly method: string;
  readonly url: URL;
  /** A text the server does not know before, for this request only. */
  readonly clientNonce: string;
}

/**
 * The `Authorization` value that answers a `WWW-Authenticate: Digest` challenge, after RFC 7616 §3.4 with `qop=auth` or
 * none. Gives `undefined` when the challenge is another one or asks for what is not supported (`auth-int`, unknown algorithms).
 */
export function answerDigestChallenge(challenge: string, credentials: Credentials, request: DigestRequest): string | undefined {
  const start = /(?:^|,\s*)Digest\s+/i.exec(challenge);
  if (start === null) return undefined;
  const given = new Map<string, string>();
  for (const [, name = '', quoted, bare] of challenge.slice(start.index + start[0].length).matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!given.has(key)) given.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
  }
  const algorithm = given.get('algorithm') ?? 'MD5';
  const hash = ALGORITHMS[algorithm.toUpperCase().replace(/-SESS$/, '')];
  const offered = given
    .get('qop')
    ?.split(',')
    .map((qop) => qop.trim().toLowerCase());
  const [realm, nonce] = [given.get('realm'), given.get('nonce')];
  if (hash === undefined || realm === undefined || nonce === undefined) return undefined;
  if (offered !== undefined && !offered.includes('auth')) return undefined;

  const { username, password } = credentials;
  const { clientNonce } = request;
  const digest = (text: string): string => createHash(hash).update(text).digest('hex');
  const uri = request.url.pathname + request.url.search;
  const plain = digest(`${username}:${realm}:${password}`);
  const first = /-sess$/i.test(algorithm) ? digest(`${plain}:${nonce}:${clientNonce}`) : plain;
  const second = digest(`${request.method}:${uri}`);
  const count = '00000001';
  const middle = offered === undefined ? nonce : `${nonce}:${count}:${clientNonce}:auth`;
  const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return `Digest ${[
    `username=${quote(username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `algorithm=${algorithm}`,
    `response="${digest(`${first}:${middle}:${second}`)}"`,
    ...(offered === undefined ? [] : ['qop=auth', `nc=${count}`, `cnonce=${quote(clientNonce)}`]),
    ...(given.has('opaque') ? [`opaque=${quote(given.get('opaque') ?? '')}`] : []),
  ].join(', ')}`;
}
