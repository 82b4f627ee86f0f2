import { createHash } from 'node:crypto';
import { type Clock, type Json, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import type { TokenSource } from './authentication-policy.ts';
import { authenticationFailure, configurationFailure, contentFailure, describeCall, statusFailure } from './call-error.ts';
import { type ExchangeOptions, type ReceivedResponse, exchange } from './http-exchange.ts';
import { expandUri, parseUrl } from './uri-template.ts';

const CACHE_LIMIT = 1000;
/** How long before its end a token is renewed, and how long one lasts that does not say. */
const RENEW_BEFORE_MS = 30_000;
const DEFAULT_LIFE_MS = 300_000;
const REQUEST_LIMIT_MS = 60_000;

const answerSchema = z.looseObject({
  access_token: z.string().regex(/^[\x21-\x7e]{1,16384}$/),
  expires_in: z.coerce.number().nonnegative().optional(),
});
const discoverySchema = z.looseObject({ issuer: z.string(), token_endpoint: z.string() });

/** What a token is asked for: the source as the definition has it, and what fills `{name}` in its authority. */
export interface TokenRequest {
  readonly source: TokenSource;
  /** Whether the token endpoint is discovered from the authority (OpenID Connect Discovery 1.0) or lies at `endpoints.token`. */
  readonly discover: boolean;
  readonly values: Json;
}

interface Token {
  readonly value: string;
  readonly expiresAt: number;
}

/**
 * Access tokens of OAuth 2 and OpenID Connect (grants `client_credentials` and `password`), kept in memory until 30 s before
 * they expire. Whoever asks for a token that is being fetched waits for that one. Nothing here is written anywhere.
 */
export class AccessTokens {
  readonly #tokens = new Map<string, Token>();
  readonly #fetching = new Map<string, Promise<Token>>();
  readonly #clock: Clock;
  readonly #options: ExchangeOptions;

  constructor(clock: Clock, options: ExchangeOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** A valid token, and whether it was kept from before; throws the standard's `authentication`, `communication` or `timeout` error. `signal` ends the waiting only. */
  async get(request: TokenRequest, signal: AbortSignal): Promise<{ readonly value: string; readonly kept: boolean }> {
    const key = keyOf(request);
    const kept = this.#tokens.get(key);
    if (kept !== undefined && this.#clock.now() < kept.expiresAt) return { value: kept.value, kept: true };
    let fetching = this.#fetching.get(key);
    if (fetching === undefined) {
      fetching = this.#fetch(request).finally(() => this.#fetching.delete(key));
      this.#fetching.set(key, fetching);
      fetching.then(
        (token) => this.#keep(key, token),
        () => undefined,
      );
    }
    return { value: (await untilAborted(fetching, signal)).value, kept: false };
  }

  /** Drops a token that a server refused, so that the next one is asked for anew. */
  forget(request: TokenRequest, value: string): void {
    const key = keyOf(request);
    if (this.#tokens.get(key)?.value === value) this.#tokens.delete(key);
  }

  #keep(key: string, token: Token): void {
    const oldest = this.#tokens.keys().next().value;
    if (this.#tokens.size >= CACHE_LIMIT && oldest !== undefined) this.#tokens.delete(oldest);
    this.#tokens.set(key, token);
  }

  async #fetch(request: TokenRequest): Promise<Token> {
    const { source } = request;
    const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const url = await this.#tokenUrl(request, signal);
    const headers = new Headers({ accept: 'application/json' });
    const fields = fieldsOf(source, headers);
    const json = source.request?.encoding === 'application/json';
    headers.set('content-type', json ? 'application/json' : 'application/x-www-form-urlencoded');
    const body = json ? JSON.stringify(fields) : new URLSearchParams(fields).toString();
    const response = await exchange({ method: 'POST', url, headers, body }, { redirect: false, signal }, this.#options);
    const call = describeCall('POST', url);
    if ([400, 401, 403].includes(response.status)) {
      throw authenticationFailure(`Cannot get an access token from "${call}": the server answered ${response.status}`);
    }
    const answer = parseAnswer(response, answerSchema);
    checkIssuer(answer.access_token, source.issuers);
    const life = answer.expires_in === undefined ? DEFAULT_LIFE_MS : answer.expires_in * 1000;
    return { value: answer.access_token, expiresAt: this.#clock.now() + life - RENEW_BEFORE_MS };
  }

  async #tokenUrl({ source, discover, values }: TokenRequest, signal: AbortSignal): Promise<URL> {
    const authority = parseUrl(expandUri(source.authority, values));
    const under = `${authority.origin}${authority.pathname.replace(/\/$/, '')}`;
    if (!discover) return parseUrl(under + (source.endpoints?.token ?? '/oauth2/token').replace(/^\/?/, '/'));
    const url = parseUrl(`${under}/.well-known/openid-configuration`);
    const headers = new Headers({ accept: 'application/json' });
    const found = parseAnswer(
      await exchange({ method: 'GET', url, headers }, { redirect: true, signal }, this.#options),
      discoverySchema,
    );
    if (found.issuer.replace(/\/$/, '') === under) return parseUrl(found.token_endpoint);
    throw authenticationFailure(`Cannot trust the authority "${under}": it says that its issuer is another one`);
  }
}

function fieldsOf(source: TokenSource, headers: Headers): Record<string, string> {
  const { client, grant, scopes, audiences, username, password } = source;
  if (grant === 'password' && (username === undefined || password === undefined)) {
    throw configurationFailure('Cannot get an access token: the grant "password" needs username and password');
  }
  const basic = client.authentication === 'client_secret_basic';
  if (basic) {
    const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
    const pair = `${encode(client.id)}:${encode(client.secret ?? '')}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  }
  const secret = client.authentication === 'client_secret_post' ? client.secret : undefined;
  return {
    grant_type: grant,
    ...(basic ? {} : { client_id: client.id }),
    ...(secret === undefined ? {} : { client_secret: secret }),
    ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
    ...(audiences === undefined ? {} : { audience: audiences.join(' ') }),
    ...(grant === 'password' ? { username: username ?? '', password: password ?? '' } : {}),
  };
}

function parseAnswer<T>(response: ReceivedResponse, schema: z.ZodType<T>): T {
  const call = describeCall(response.request.method, response.request.url);
  if (response.status !== 200) throw statusFailure(call, response.status);
  let value: unknown;
  try {
    value = JSON.parse(response.body.toString('utf8'));
  } catch {
    // The message of the parser would quote the answer, which has a token.
    throw contentFailure(call, 'it is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw contentFailure(call, `/${parsed.error.issues[0]?.path.join('/') ?? ''} is missing or wrong`);
}

/** Where issuers are named, the token must be a JWT of one of them. Its signature is for the server that takes it to check. */
function checkIssuer(token: string, issuers: readonly string[] | undefined): void {
  if (issuers === undefined) return;
  let issuer: unknown;
  try {
    issuer = z
      .looseObject({ iss: z.string() })
      .parse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).iss;
  } catch {
    throw authenticationFailure('Cannot trust the access token: it does not say its issuer, and "issuers" names some');
  }
  if (!issuers.includes(String(issuer)))
    throw authenticationFailure('Cannot trust the access token: its issuer is none of "issuers"');
}

function keyOf({ source, discover, values }: TokenRequest): string {
  const identity = JSON.stringify([discover, expandUri(source.authority, values), source]);
  return createHash('sha256').update(identity).digest('base64');
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error(messageOf(signal.reason)));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
