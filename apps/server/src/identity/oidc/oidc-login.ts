import { readFile } from 'node:fs/promises';
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import * as openid from 'openid-client';
import { z } from 'zod';
import { type ClaimedUser, userOfClaims } from '../claim-rules.ts';
import type { OidcSettings } from './oidc-settings.ts';

/** How long somebody may take at the identity provider, in milliseconds. */
export const LOGIN_LIMIT_MS = 10 * 60_000;
/** Time limit of a request to the identity provider, in seconds. */
const REQUEST_LIMIT_SECONDS = 5;

/** What the browser keeps in a cookie while its user is at the identity provider. It binds the answer to the browser that asked. */
const pendingLoginSchema = z.strictObject({
  state: z.string().min(20).max(200),
  nonce: z.string().min(20).max(200),
  verifier: z.string().min(43).max(128),
  returnTo: z.string().max(2000),
  startedAt: z.int(),
});
type PendingLogin = z.infer<typeof pendingLoginSchema>;

/** What a login is made with. */
export interface OidcLoginOptions {
  readonly settings: OidcSettings;
  /** The server as browsers see it, with the path below which they do and without a "/" at its end. */
  readonly publicUrl: string;
  readonly clock: Clock;
}

/** Logging in at an OpenID provider: authorization code with PKCE, state and nonce. */
export class OidcLogin {
  readonly #options: OidcLoginOptions;
  readonly #authentication: openid.ClientAuth;
  #configuration: Promise<openid.Configuration> | undefined;

  private constructor(options: OidcLoginOptions, authentication: openid.ClientAuth) {
    this.#options = options;
    this.#authentication = authentication;
  }

  /** Reads the client's secret; the provider itself is asked at the first login. Throws INVALID_CONFIGURATION. */
  static async open(options: OidcLoginOptions): Promise<OidcLogin> {
    const { client_secret_file: file, client_authentication: method } = options.settings;
    if (file === undefined) return new OidcLogin(options, openid.None());
    const secret = await readFile(file, 'utf8').catch((error: unknown) => {
      const message = `Cannot read the secret of the OpenID client: ${messageOf(error)}`;
      throw new PlatformError('INVALID_CONFIGURATION', message, { details: { setting: 'oidc' }, cause: error });
    });
    const text = secret.replace(/\r?\n$/, '');
    return new OidcLogin(
      options,
      method === 'client_secret_post' ? openid.ClientSecretPost(text) : openid.ClientSecretBasic(text),
    );
  }

  /** Where whoever brings this wanted to go when the login began; `/` when that cannot be read. */
  static returnTo(pending: string): string {
    return readPending(pending)?.returnTo ?? '/';
  }

  /** The provider, by its issuer. */
  get issuer(): string {
    return this.#options.settings.issuer;
  }

  /** Where the browser goes to log in, and what it keeps meanwhile. Throws SERVICE_UNAVAILABLE. */
  async begin(returnTo: string): Promise<{ url: string; pending: string }> {
    const provider = await this.#provider();
    const verifier = openid.randomPKCECodeVerifier();
    const login: PendingLogin = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier,
      returnTo,
      startedAt: this.#options.clock.now(),
    };
    const url = openid.buildAuthorizationUrl(provider, {
      redirect_uri: this.#redirectUri(),
      scope: this.#options.settings.scopes.join(' '),
      state: login.state,
      nonce: login.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, pending: Buffer.from(JSON.stringify(login)).toString('base64url') };
  }

  /**
   * Who came back from the provider, or for the log why nobody did. `query` is what the provider added to the address of the call-back, `pending` what the browser
   * kept. Throws SERVICE_UNAVAILABLE when the provider cannot be reached.
   */
  async complete(
    query: string,
    pending: string,
  ): Promise<{ user: ClaimedUser; returnTo: string } | { readonly refused: string }> {
    const login = readPending(pending);
    if (login === undefined || this.#options.clock.now() - login.startedAt > LOGIN_LIMIT_MS)
      return { refused: 'no login under way in this browser' };
    const provider = await this.#provider();
    try {
      const tokens = await openid.authorizationCodeGrant(provider, new URL(this.#redirectUri() + query), {
        pkceCodeVerifier: login.verifier,
        expectedState: login.state,
        expectedNonce: login.nonce,
        idTokenExpected: true,
      });
      const user = userOfClaims(tokens.claims() ?? {}, this.#options.settings.claims);
      return 'refused' in user ? user : { user, returnTo: login.returnTo };
    } catch (error) {
      if (isRefusal(error)) return { refused: `the provider's answer is not right: ${describeRefusal(error)}` };
      throw unavailable(error);
    }
  }

  /** Where the browser ends its session at the provider; `null` when the provider has no such place. */
  async endSessionUrl(): Promise<string | null> {
    const provider = await this.#provider();
    if (provider.serverMetadata().end_session_endpoint === undefined) return null;
    return openid.buildEndSessionUrl(provider, { post_logout_redirect_uri: `${this.#options.publicUrl}/` }).href;
  }

  #redirectUri(): string {
    return `${this.#options.publicUrl}/auth/callback`;
  }

  /** What the provider says of itself; asked again after a failure. */
  #provider(): Promise<openid.Configuration> {
    const { issuer, client_id: clientId, id_token_algorithm: algorithm } = this.#options.settings;
    // The token comes over TLS from the provider itself, and is checked against its keys all the same.
    const execute = [openid.enableNonRepudiationChecks];
    if (issuer.startsWith('http:')) execute.push(openid.allowInsecureRequests);
    this.#configuration ??= openid
      .discovery(new URL(issuer), clientId, { id_token_signed_response_alg: algorithm }, this.#authentication, {
        execute,
        timeout: REQUEST_LIMIT_SECONDS,
      })
      .catch((error: unknown) => {
        this.#configuration = undefined;
        throw unavailable(error);
      });
    return this.#configuration;
  }
}

function readPending(text: string): PendingLogin | undefined {
  try {
    return pendingLoginSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Whether the provider, or whoever speaks in its name, said something that is not right; anything else is a failure to reach it. */
function isRefusal(error: unknown): boolean {
  if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) return true;
  if (!(error instanceof openid.ClientError) || error.code === 'OAUTH_TIMEOUT') return false;
  return !(error.cause instanceof Response && error.cause.status >= 500);
}

/** What went wrong, with the code that the provider gave (RFC 6749 §4.1.2.1, §5.2). */
function describeRefusal(error: unknown): string {
  const isAnswer = error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError;
  if (isAnswer) return `${error.message}: ${error.error.slice(0, 100)}`;
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message.slice(0, 200)}` : '';
  return messageOf(error) + cause;
}

function unavailable(error: unknown): PlatformError {
  return new PlatformError('SERVICE_UNAVAILABLE', 'Cannot log in: the identity provider cannot be reached', { cause: error });
}
