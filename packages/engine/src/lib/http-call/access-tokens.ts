import { createHash } from 'node:crypto';
import { type Clock, type Json, type Random, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { authenticationFailure, contentFailure, describeCall, statusFailure } from './call-error.ts';
import { type ExchangeOptions, type ReceivedResponse, exchange } from './http-exchange.ts';
import { tokenForm } from './token-form.ts';
import type { TokenSource } from './token-source.ts';
import { expandUri, parseUrl } from './uri-template.ts';

const CACHE_LIMIT = 1000;
/** How long before its end a token is renewed, and how long one lasts that does not say. */
const RENEW_BEFORE_MS = 30_000;
const DEFAULT_LIFE_MS = 300_000;
const REQUEST_LIMIT_MS = 60_000;

const answerSchema = z.looseObject({
  access_token: z.string().regex(/^[\x21-\x7e]{1,16384}$/),
  expires_in: z.coerce.number().nonnegative().optional(),
  refresh_token: z.string().min(1).max(16_384).optional(),
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
 * Access tokens of OAuth 2 and OpenID Connect, kept in memory until 30 s before they expire. Whoever asks for a token that is being
 * fetched waits for that one. Nothing here is written anywhere: where an authority replaces a refresh token whenever it is used, a new process
 * begins with the one of the definition again.
 */
export class AccessTokens {
  readonly #tokens = new Map<string, Token>();
  readonly #fetching = new Map<string, Promise<Token>>();
  /** Refresh tokens that authorities gave in place of those they were given. */
  readonly #refreshTokens = new Map<string, string>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: ExchangeOptions;

  constructor({ clock, random }: { clock: Clock; random: Random }, options: ExchangeOptions) {
    this.#clock = clock;
    this.#random = random;
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
        (token) => keep(this.#tokens, key, token),
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

  async #fetch(request: TokenRequest): Promise<Token> {
    const { source } = request;
    const key = keyOf(request);
    const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
    const url = await this.#tokenUrl(request, signal);
    const headers = new Headers({ accept: 'application/json' });
    const refreshToken = this.#refreshTokens.get(key);
    const { fields, authorization } = tokenForm(source, {
      endpoint: url,
      clock: this.#clock,
      random: this.#random,
      refreshToken,
    });
    if (authorization !== undefined) headers.set('authorization', authorization);
    const json = source.request?.encoding === 'application/json';
    headers.set('content-type', json ? 'application/json' : 'application/x-www-form-urlencoded');
    const body = json ? JSON.stringify(fields) : new URLSearchParams(fields).toString();
    const response = await exchange({ method: 'POST', url, headers, body }, { redirect: false, signal }, this.#options);
    const call = describeCall('POST', url);
    if ([400, 401, 403].includes(response.status)) {
      this.#refreshTokens.delete(key);
      throw authenticationFailure(`Cannot get an access token from "${call}": the server answered ${response.status}`);
    }
    const answer = parseAnswer(response, answerSchema);
    const issuers = source.issuers?.map((issuer) => expandUri(issuer, request.values));
    checkIssuer(answer.access_token, issuers);
    if (source.grant === 'refresh_token' && answer.refresh_token !== undefined)
      keep(this.#refreshTokens, key, answer.refresh_token);
    const life = answer.expires_in === undefined ? DEFAULT_LIFE_MS : answer.expires_in * 1000;
    return { value: answer.access_token, expiresAt: this.#clock.now() + life - RENEW_BEFORE_MS };
  }

  async #tokenUrl({ source, discover, values }: TokenRequest, signal: AbortSignal): Promise<URL> {
    const authority = parseUrl(expandUri(source.authority, values));
    // The standard's own example names the document that is discovered.
    const path = authority.pathname.replace(/\/\.well-known\/openid-configuration$/, '').replace(/\/$/, '');
    const under = `${authority.origin}${path}`;
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

/** Keeps the newest; the oldest goes when there are too many. */
function keep<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key);
  const oldest = kept.keys().next().value;
  if (kept.size >= CACHE_LIMIT && oldest !== undefined) kept.delete(oldest);
  kept.set(key, value);
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
  const expanded = [source.authority, ...(source.issuers ?? [])].map((template) => expandUri(template, values));
  const identity = JSON.stringify([discover, expanded, source]);
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
