import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type CryptoKey, type JWK, type JWTPayload, SignJWT, exportJWK, generateKeyPair } from 'jose';

/** One key of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** An issuer of tokens with its key set on a port of this machine. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  readonly jwksUrl: string;
  /** How often the key set was asked for. */
  readonly requests: () => number;
  /** What the key set holds from now on. */
  publish(...keys: readonly IssuerKey[]): void;
  /** What it answers from now on in place of the key set; `null` for the key set again. */
  answer(status: number | null, body?: string, headers?: Record<string, string>): void;
}

/** A new key pair with its id. */
export async function issuerKey(kid: string, algorithm = 'ES256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, privateKey, publicKey, jwk };
}

/** Opens an issuer that publishes these keys. */
export async function openIssuer(...first: readonly IssuerKey[]): Promise<TestIssuer> {
  let keys = first;
  let requests = 0;
  let other: { status: number; body: string; headers: Record<string, string> } | null = null;
  const server: Server = createServer((_request, response) => {
    requests += 1;
    const { status, body, headers } = other ?? {
      status: 200,
      body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }),
      headers: {},
    };
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url,
    jwksUrl: `${url}/jwks.json`,
    requests: () => requests,
    publish: (...next) => {
      keys = next;
    },
    answer: (status, body = '', headers = {}) => {
      other = status === null ? null : { status, body, headers };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Signs claims as an issuer does. */
export function signed(key: IssuerKey, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  const alg = key.jwk.alg ?? 'ES256';
  return new SignJWT(claims).setProtectedHeader({ alg, kid: key.kid, typ: 'JWT', ...header }).sign(key.privateKey);
}

/** A token put together by hand: what a library refuses to sign, an attacker does not. */
export function rawToken(header: object | string, payload: object | string, signature = ''): string {
  const part = (value: object | string): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}
