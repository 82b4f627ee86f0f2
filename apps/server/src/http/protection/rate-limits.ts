import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { PlatformError, isLoopback } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';

/** How many requests one caller may make in a minute; `null`: as many as they like. */
export interface RequestRates {
  /** By address of the network: everybody behind it together. For IPv6 the /64 counts. */
  readonly address: number | null;
  /** By person, whatever they show. */
  readonly user: number | null;
  /** By API key. */
  readonly key: number | null;
  /** Refused credentials by address, against guessing. */
  readonly refusals: number | null;
}

const WINDOW_MS = 60_000;
/** Callers that are remembered at once; the ones that were not seen the longest are forgotten. */
const REMEMBERED = 50_000;

/** The part of the plugin's answer that is used here. */
type Checked =
  | { readonly isAllowed: true }
  | {
      readonly isAllowed: false;
      readonly max: number;
      readonly remaining: number;
      readonly ttlInSeconds: number;
      readonly isExceeded: boolean;
    };
type Limiter = (request: FastifyRequest, options?: { increment: boolean }) => Promise<Checked>;

/** The two places of a request at which it may be too many. */
export interface RateLimits {
  /** Before anybody looks at who it is. */
  readonly checkAddress: onRequestHookHandler;
  /** Once it is known who it is. */
  readonly checkCaller: onRequestHookHandler;
}

/**
 * Limits requests by address, person and key, in fixed windows of a minute. Answers carry `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)
 * of the limit that is nearest; a request too many is RATE_LIMITED with `Retry-After`. What comes from loopback under development identity is
 * one person at their own machine and is not limited. The counts are of this process and do not survive it.
 */
export async function rateLimits(app: FastifyInstance, rates: RequestRates): Promise<RateLimits> {
  await app.register(rateLimit, { global: false, cache: REMEMBERED });
  const limiter = (max: number | null, keyGenerator: (request: FastifyRequest) => string): Limiter | undefined =>
    max === null ? undefined : app.createRateLimit({ max, timeWindow: WINDOW_MS, keyGenerator });
  const byAddress = limiter(rates.address, ({ ip }) => `address ${normalizeIP(ip)}`);
  const byUser = limiter(rates.user, ({ principal }) => `user ${principal.userId}`);
  const byKey = limiter(rates.key, ({ principal }) => `key ${principal.credentialId}`);
  const refusals = limiter(rates.refusals, ({ ip }) => `refused ${normalizeIP(ip)}`);
  if (refusals !== undefined)
    app.addHook('onResponse', (request, reply, done) => {
      // Who forgot to send any is no guesser: the challenge says which it was.
      const isGuess = reply.statusCode === 401 && String(reply.getHeader('www-authenticate')).includes('invalid_token');
      return isGuess ? refusals(request) : done();
    });
  const checkAddress = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (refusals !== undefined) {
      const checked = await refusals(request, { increment: false });
      if (!checked.isAllowed && checked.remaining === 0) refuse(reply, 'refused credentials', checked);
    }
    await check(byAddress, 'address', request, reply);
  };
  const checkCaller = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    await check(byUser, 'user', request, reply);
    if (request.principal.method === 'api_key') await check(byKey, 'key', request, reply);
  };
  return {
    checkAddress: (request, reply, done) => (isLoopback(request.ip) ? done() : checkAddress(request, reply)),
    checkCaller: (request, reply, done) => {
      // A public route has no caller.
      const isUnlimited = request.userId === '' || request.principal.method === 'development';
      return isUnlimited ? done() : checkCaller(request, reply);
    },
  };
}

async function check(limiter: Limiter | undefined, name: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (limiter === undefined) return;
  const checked = await limiter(request);
  if (checked.isAllowed) return;
  if (checked.isExceeded) refuse(reply, name, checked);
  const before = /;r=(\d+)/.exec(String(reply.getHeader('ratelimit') ?? ''))?.[1];
  if (before === undefined || Number(before) > checked.remaining) describe(reply, name, checked);
}

function describe(reply: FastifyReply, name: string, { max, remaining, ttlInSeconds }: Checked & { isAllowed: false }): void {
  reply
    .header('ratelimit-policy', `"${name}";q=${max};w=${WINDOW_MS / 1000}`)
    .header('ratelimit', `"${name}";r=${remaining};t=${ttlInSeconds}`);
}

function refuse(reply: FastifyReply, name: string, checked: Checked & { isAllowed: false }): never {
  describe(reply, name.replaceAll(' ', '-'), { ...checked, remaining: 0 });
  throw new PlatformError('RATE_LIMITED', `Cannot take the request: ${checked.max} a minute by ${name} are used up`, {
    details: { limit: checked.max, window_seconds: WINDOW_MS / 1000, by: name, retry_after_seconds: checked.ttlInSeconds },
  });
}
