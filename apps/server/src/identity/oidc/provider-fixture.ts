import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { JWTPayload } from 'jose';
import { type IssuerKey, issuerKey, rawToken, signed } from '../jwt/issuer-fixture.ts';

/** What the provider does otherwise than it should. */
export interface Misconduct {
  /** Claims of the ID token in place of the right ones. */
  readonly claims?: (right: JWTPayload) => JWTPayload;
  /** The ID token in place of the right one; `null` for none. */
  readonly idToken?: ((claims: JWTPayload) => Promise<string> | string) | null;
  /** Parameters of the way back in place of the right ones. */
  readonly callback?: Readonly<Record<string, string>>;
  /** It shows people a page on which they agree or refuse, as providers do; without it everybody has agreed. */
  readonly asks?: boolean;
  /** Everything fails. */
  readonly isAway?: boolean;
}

/** An OpenID provider on a port of this machine, with one client and one person. */
export interface TestProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly key: IssuerKey;
  /** What went wrong at the provider's own checks: of the client, the redirect URI, the code and its verifier. */
  readonly refusals: readonly string[];
  /** How it behaves from now on. */
  behave(misconduct: Misconduct): void;
}

interface Grant {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

/** Opens a provider that knows one client, whose call-back is `redirectUri`. */
export async function openProvider(redirectUri: string): Promise<TestProvider> {
  const client = { id: 'loopwright', secret: 'the client:secret%' };
  const key = await issuerKey('op-1', 'RS256');
  const grants = new Map<string, Grant>();
  const refusals: string[] = [];
  let misconduct: Misconduct = {};
  let issuer = '';

  const authorize = (query: URLSearchParams): string => {
    const wanted = { client_id: client.id, redirect_uri: redirectUri, response_type: 'code', code_challenge_method: 'S256' };
    for (const [name, value] of Object.entries(wanted)) if (query.get(name) !== value) refusals.push(`authorize: ${name}`);
    if (query.get('scope')?.split(' ').includes('openid') !== true) refusals.push('authorize: scope');
    const code = `code-${grants.size}`;
    grants.set(code, { nonce: query.get('nonce') ?? '', challenge: query.get('code_challenge') ?? '', redirectUri });
    const back = new URL(redirectUri);
    const answer = { code, state: query.get('state') ?? '', iss: issuer, ...misconduct.callback };
    for (const [name, value] of Object.entries(answer)) back.searchParams.set(name, value);
    return back.href;
  };

  const exchange = async (request: IncomingMessage): Promise<[number, object]> => {
    const form = new URLSearchParams((await request.toArray()).join(''));
    const basic = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    const [id, secret] = basic.split(':').map((part) => new URLSearchParams(`_=${part}`).get('_'));
    if (id !== client.id || secret !== client.secret) return refuse('client');
    const grant = grants.get(form.get('code') ?? '');
    grants.set(form.get('code') ?? '', { nonce: '', challenge: 'used', redirectUri: '' });
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant === undefined || grant.challenge !== challenge) return refuse('code or verifier');
    if (form.get('redirect_uri') !== grant.redirectUri) return refuse('redirect_uri');
    const now = Math.floor(Date.now() / 1000);
    const person = { sub: 'p-1', email: 'ann@example.org', email_verified: true, name: 'Ann', groups: ['staff'] };
    const right = { iss: issuer, aud: client.id, iat: now, exp: now + 300, nonce: grant.nonce, ...person };
    const claims = misconduct.claims?.(right) ?? right;
    const { idToken = (these: JWTPayload) => signed(key, these) } = misconduct;
    const tokens = { access_token: 'an access token of the provider', token_type: 'Bearer', expires_in: 300 };
    return [200, idToken === null ? tokens : { ...tokens, id_token: await idToken(claims) }];
  };
  const refuse = (why: string): [number, object] => {
    refusals.push(`token: ${why}`);
    return [400, { error: 'invalid_grant' }];
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', issuer);
    const json = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
    if (misconduct.isAway === true) json(503, {});
    else if (url.pathname === '/authorize' && misconduct.asks === true)
      response.writeHead(200, { 'content-type': 'text/html' }).end(consentPage(authorize(url.searchParams)));
    else if (url.pathname === '/authorize') response.writeHead(302, { location: authorize(url.searchParams) }).end();
    else if (url.pathname === '/logout') {
      const back = url.searchParams.get('post_logout_redirect_uri') ?? '';
      if (back !== new URL('..', redirectUri).href) refusals.push('logout: post_logout_redirect_uri');
      response.writeHead(302, { location: back }).end();
    } else if (url.pathname === '/token') json(...(await exchange(request)));
    else if (url.pathname === '/jwks') json(200, { keys: [key.jwk] });
    else json(200, metadataOf(issuer));
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    issuer,
    clientId: client.id,
    clientSecret: client.secret,
    key,
    refusals,
    behave: (next) => {
      misconduct = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The page on which a person says whether the client may know who they are. */
function consentPage(agreed: string): string {
  const refused = new URL(agreed);
  refused.searchParams.delete('code');
  refused.searchParams.set('error', 'access_denied');
  const link = (url: string, text: string): string => `<p><a href="${url.replaceAll('&', '&amp;')}">${text}</a></p>`;
  return `<!doctype html><title>Provider</title><h1>Sign in as Ann?</h1>${link(agreed, 'Continue')}${link(refused.href, 'Refuse')}`;
}

/** A token without a signature. */
export const unsigned = (claims: JWTPayload): string => rawToken({ alg: 'none', typ: 'JWT' }, claims);

function metadataOf(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/logout`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  };
}
