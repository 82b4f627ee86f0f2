import { digestOf } from '@loopwright/engine';
import { PlatformError, toJson } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { idempotencyKeySchema, keptKeyOf } from './idempotency.ts';
import { keptHeadersOf, sendKept } from './kept-headers.ts';
import type { KeptResponse, KeptResponses } from './kept-responses.ts';
import { openAnswer, sealAnswer } from './sealed-answer.ts';
import { shownSecretOf } from './shown-secret.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the answer is kept under the Idempotency-Key and given again. */
    keepsAnswer?: boolean;
    /** What is kept of an answer that has a secret in it. */
    redactKept?: (body: string) => string;
    /** Whether the answer belongs to the credential that was shown, and is kept under a seal that only that opens. */
    sealsKept?: boolean;
  }
  interface FastifyRequest {
    /** What the answer is to be kept under, while it is made. */
    keptAs: KeptAs | null;
  }
}

const retryableSchema = z.looseObject({ retryable: z.literal(true) });

/** What the answer to a request is kept under. */
interface KeptAs {
  readonly key: string;
  /** What the answer is sealed with. */
  readonly secret: string | null;
  /** Digest of what was asked; `null` as long as a stream was not read. */
  readonly requestDigest: string | null;
  /** What a stream was answered under the same key before. */
  readonly earlier: KeptResponse | undefined;
}

const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });

/**
 * Honours `Idempotency-Key` on every POST that is registered from now on: the first answer is on disk before it leaves, and the same request gets
 * it again. Routes that take the header themselves are left alone, because their key is part of what they write. What is sent as a stream is compared
 * by {@link answeredBefore}, once it is read. An error that may be gone at the next try is not kept. A process that dies between the effect and its answer
 * has kept nothing: then the request is executed again.
 */
export function honourIdempotencyKeys(api: FastifyInstance, responses: KeptResponses): void {
  const underWay = new Set<string>();
  api.decorateRequest('keptAs', null);
  api.addHook('onRoute', (route) => {
    if (route.method !== 'POST') return;
    const own = route.schema?.headers;
    if (own !== undefined && !(own instanceof z.ZodObject && !('idempotency-key' in own.shape))) return;
    route.schema = { ...route.schema, headers: own === undefined ? headers : own.extend(headers.shape) };
    route.config = { ...route.config, keepsAnswer: true };
  });

  api.addHook('preHandler', (request, reply, done) => {
    const given = request.headers['idempotency-key'];
    const { config, schema } = request.routeOptions;
    if (config.keepsAnswer !== true || typeof given !== 'string') return done();
    const secret = config.sealsKept === true ? shownSecretOf(request) : null;
    const key = keptKeyOf(request, given, secret);
    const isStream = schema?.consumes !== undefined;
    const requestDigest = isStream ? null : digestOf(toJson(request.body ?? null));
    const kept = responses.find(key);
    if (kept !== undefined && requestDigest !== null) {
      if (kept.requestDigest !== requestDigest) throw otherRequest();
      return void sendKept(reply, secret === null ? kept : openAnswer(kept, { secret, key }));
    }
    if (underWay.has(key)) throw new PlatformError('CONFLICT', 'Cannot answer: the same request is under way');
    underWay.add(key);
    request.keptAs = { key, secret, requestDigest, earlier: kept };
    return done();
  });

  api.addHook('onSend', (request, reply, payload, done) => {
    const { keptAs } = request;
    if (keptAs === null) return done();
    // Whatever comes now, such as the error that this very write ends with, is not the answer any more.
    request.keptAs = null;
    try {
      if (reply.statusCode < 500 && typeof payload === 'string' && !mayBeTriedAgain(reply.statusCode, payload))
        keep(responses, keptAs, { request, reply, payload });
    } finally {
      underWay.delete(keptAs.key);
    }
    return done();
  });
}

/** An error that says that the same request may succeed later is no outcome: kept, it would be all that the key ever gives. */
function mayBeTriedAgain(status: number, payload: string): boolean {
  return status >= 400 && retryableSchema.safeParse(parsed(payload)).success;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What a request whose body is a stream was answered before, once its content is read; `undefined` for the first of its key. Throws IDEMPOTENCY_CONFLICT
 * when the key was used for other content.
 */
export function answeredBefore(request: FastifyRequest, requestDigest: string): KeptResponse | undefined {
  const { keptAs } = request;
  if (keptAs === null) return undefined;
  if (keptAs.earlier === undefined) request.keptAs = { ...keptAs, requestDigest };
  else if (keptAs.earlier.requestDigest !== requestDigest) throw otherRequest();
  return keptAs.earlier;
}

/** What a stream that cannot be used is refused with: under a key that stands for one that could, it is other content. */
export function refusalOfStream({ keptAs }: FastifyRequest, error: unknown): unknown {
  const isContent = error instanceof PlatformError && error.code === 'INVALID_EXAMPLES';
  return isContent && keptAs?.earlier !== undefined ? otherRequest() : error;
}

function keep(
  responses: KeptResponses,
  { key, secret, requestDigest }: KeptAs,
  { request, reply, payload }: { request: FastifyRequest; reply: FastifyReply; payload: string },
): void {
  // A stream that was refused before its end has no digest, and had no effect: it may come again, mended, under the same key.
  if (requestDigest === null) return;
  const { redactKept } = request.routeOptions.config;
  const answer: KeptResponse = {
    requestDigest,
    status: reply.statusCode,
    contentType: String(reply.getHeader('content-type') ?? 'application/json'),
    headers: keptHeadersOf(reply, { isSealed: secret !== null }),
    body: redactKept === undefined || reply.statusCode >= 400 ? payload : redactKept(payload),
  };
  responses.keep(key, secret === null ? answer : sealAnswer(answer, { secret, key }));
}

function otherRequest(): PlatformError {
  return new PlatformError('IDEMPOTENCY_CONFLICT', 'Cannot answer: the key was used for another request');
}
