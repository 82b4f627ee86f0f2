import { type Clock, type Json, type Random, systemClock, systemRandom } from '@loopwright/protocol';
import type { StepAttempt } from '../context/durable-context.ts';
import type { Invocation } from '../interpreter/call-function.ts';
import { AccessTokens, type TokenRequest } from './access-tokens.ts';
import {
  type AuthenticationReference,
  type Credentials,
  type TokenPolicy,
  resolveAuthentication,
} from './authentication-policy.ts';
import { connectionFailure, describeCall } from './call-error.ts';
import { answerDigestChallenge } from './digest-authorization.ts';
import { type ExchangeOptions, type ReceivedResponse, exchange } from './http-exchange.ts';
import type { RequestMessage } from './request-message.ts';

/** What `call: http` and `call: openapi` are given by the engine's owner. */
export interface HttpCallOptions extends ExchangeOptions {
  /** For the life of access tokens and documents; the machine's clock unless told. */
  readonly clock?: Clock;
  /** For the client's nonce of digest authentication and the assertions of clients; the machine's randomness unless told. */
  readonly random?: Random;
  /** Waits until a request to a host may be sent. */
  readonly admit?: (request: HostRequest, signal: AbortSignal) => Promise<void>;
}

/** A request that a limit may keep waiting; the host is in lower case and without port. */
interface HostRequest {
  readonly host: string;
  readonly executionId: string;
  readonly workflow: string;
  readonly step: string;
}

/** One request of a task. */
export interface ClientRequest {
  readonly message: RequestMessage;
  readonly authentication: AuthenticationReference | undefined;
  readonly redirect: boolean;
}

/** Sends requests for tasks and shows who they come from. Keeps access tokens; holds no connection of its own. */
export class HttpClient {
  readonly #options: HttpCallOptions;
  readonly #tokens: AccessTokens;

  constructor(options: HttpCallOptions) {
    this.#options = options;
    const { clock = systemClock, random = systemRandom } = options;
    this.#tokens = new AccessTokens({ clock, random }, options);
  }

  /** Sends one request, twice where digest asks for it or a kept token is refused. Throws as {@link exchange} does. */
  async send(
    request: ClientRequest,
    invocation: Invocation<unknown>,
    { signal }: Pick<StepAttempt, 'signal'>,
  ): Promise<ReceivedResponse> {
    const { message, authentication, redirect } = request;
    const { executionId, workflowName: workflow } = invocation.execution;
    const again: Send = async (next) => {
      await this.#options.admit?.({ host: next.url.hostname, executionId, workflow, step: invocation.taskName }, signal);
      return exchange(next, { redirect, signal }, this.#options);
    };
    if (authentication === undefined) return again(message);
    const policy = resolveAuthentication(authentication, invocation);
    if ('digest' in policy) return this.#sendDigest(message, policy.digest, again);
    if ('basic' in policy) {
      const { username, password } = policy.basic;
      return again(authorized(message, `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`));
    }
    if ('bearer' in policy) return again(authorized(message, `Bearer ${policy.bearer.token}`));
    return this.#sendToken(message, tokenRequest(policy, invocation.input), again, signal);
  }

  /** The access token that a call with this policy would send. Throws as {@link AccessTokens.get} does, and for want of a connection. */
  async accessToken(policy: TokenPolicy, values: Json, signal: AbortSignal): Promise<string> {
    try {
      return (await this.#tokens.get(tokenRequest(policy, values), signal)).value;
    } catch (error) {
      throw connectionFailure('the authority', error, signal);
    }
  }

  async #sendToken(message: RequestMessage, request: TokenRequest, again: Send, signal: AbortSignal): Promise<ReceivedResponse> {
    const call = describeCall(message.method, message.url);
    const get = async (): Promise<{ value: string; kept: boolean }> => {
      try {
        return await this.#tokens.get(request, signal);
      } catch (error) {
        throw connectionFailure(call, error, signal);
      }
    };
    const token = await get();
    const response = await again(authorized(message, `Bearer ${token.value}`));
    if (response.status !== 401) return response;
    // A kept token may have been revoked before its end; one that was just fetched is not asked for twice.
    this.#tokens.forget(request, token.value);
    return token.kept ? again(authorized(message, `Bearer ${(await get()).value}`)) : response;
  }

  async #sendDigest(message: RequestMessage, credentials: Credentials, again: Send): Promise<ReceivedResponse> {
    const refused = await again(message);
    const { url, method } = refused.request;
    const challenge =
      refused.status === 401 && url.origin === message.url.origin ? refused.headers.get('www-authenticate') : null;
    if (challenge === null) return refused;
    const clientNonce = (this.#options.random ?? systemRandom).uuid();
    const answer = answerDigestChallenge(challenge, credentials, { method, url, clientNonce });
    return answer === undefined ? refused : again(authorized(refused.request, answer));
  }
}

type Send = (message: RequestMessage) => Promise<ReceivedResponse>;

function authorized(message: RequestMessage, value: string): RequestMessage {
  const headers = new Headers(message.headers);
  headers.set('authorization', value);
  return { ...message, headers };
}

function tokenRequest(policy: TokenPolicy, values: Json): TokenRequest {
  return 'oidc' in policy ? { source: policy.oidc, discover: true, values } : { source: policy.oauth2, discover: false, values };
}
