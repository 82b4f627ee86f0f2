import { createHash } from 'node:crypto';
import { digestOf } from '@loopwright/engine';
import { PlatformError, toJson } from '@loopwright/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { idempotencyKeySchema } from './idempotency.ts';
import type { KeptResponses } from './kept-responses.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the answer is kept under the Idempotency-Key and given again. */
    keepsAnswer?: boolean;
    /** What is kept of an answer that has a secret in it. */
    redactKept?: (body: string) => string;
  }
  interface FastifyRequest {
    /** What the answer is to be kept under, while it is made for the first time. */
    keptAs: { readonly key: string; readonly requestDigest: string } | null;
  }
}

const retryableSchema = z.looseObject({ retryable: z.literal(true) });
const headers = z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() });

/**
 * Honours `Idempotency-Key` on every POST that is registered from now on: the first answer is on disk before it leaves, and the same request gets
 * it again. Routes that take the header themselves are left alone, because their key is part of what they write; so are streams, which are named
 * by their content. An error that may be gone at the next try is not kept. A process that dies between the effect and its answer has kept nothing: then the request is executed again.
 */
export function honourIdempotencyKeys(api: FastifyInstance, responses: KeptResponses): void {
  const underWay = new Set<string>();
  api.decorateRequest('keptAs', null);
  api.addHook('onRoute', (route) => {
    if (route.method !== 'POST' || route.schema?.headers !== undefined || route.schema?.consumes !== undefined) return;
    route.schema = { ...route.schema, headers };
    route.config = { ...route.config, keepsAnswer: true };
  });

  api.addHook('preHandler', (request, reply, done) => {
    const given = request.headers['idempotency-key'];
    if (request.routeOptions.config.keepsAnswer !== true || typeof given !== 'string') return done();
    const key = keyOf(request, given);
    const requestDigest = digestOf(toJson(request.body ?? null));
    const kept = responses.find(key);
    if (kept !== undefined && kept.requestDigest !== requestDigest)
      throw new PlatformError('IDEMPOTENCY_CONFLICT', 'Cannot answer: the key was used for another request');
    if (kept !== undefined)
      return void reply.header('idempotent-replayed', 'true').status(kept.status).type(kept.contentType).send(kept.body);
    if (underWay.has(key)) throw new PlatformError('CONFLICT', 'Cannot answer: the same request is under way');
    underWay.add(key);
    request.keptAs = { key, requestDigest };
    return done();
  });

  api.addHook('onSend', (request, reply, payload, done) => {
    const { keptAs } = request;
    if (keptAs === null) return done();
    // Whatever comes now, such as the error that this very write ends with, is not the answer any more.
    request.keptAs = null;
    try {
      if (reply.statusCode < 500 && typeof payload === 'string' && !mayBeTriedAgain(reply.statusCode, payload)) {
        const contentType = String(reply.getHeader('content-type') ?? 'application/json');
        const { redactKept } = request.routeOptions.config;
        const body = redactKept === undefined || reply.statusCode >= 400 ? payload : redactKept(payload);
        responses.keep(keptAs.key, { requestDigest: keptAs.requestDigest, status: reply.statusCode, contentType, body });
      }
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

/** A credential with fewer rights does not get what another one of the same person was answered. */
function keyOf({ userId, principal, method, url }: FastifyRequest, given: string): string {
  const { scopes, roleCap, onlyProjects } = principal;
  const rights = [scopes, roleCap, onlyProjects === null ? null : [...onlyProjects].sort()];
  const parts = JSON.stringify([
    userId,
    ...(rights.some((right) => right !== null) ? rights : []),
    method,
    url.split('?')[0],
    given,
  ]);
  return createHash('sha256').update(parts).digest('hex');
}
