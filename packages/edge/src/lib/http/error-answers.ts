import { type Json, PlatformError, type Random, issueDetails, messageOf } from '@loopwright/protocol';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { BODY_LIMIT_BYTES } from './limits.ts';

/** Issues that an answer names, and how much of the name of an unknown field. */
const ISSUE_LIMIT = 20;
const KEY_CHARACTERS = 100;

/**
 * Answers every error and every unknown route with the body that all processes of the platform use. Nothing else tells the id of a request, so those that succeed
 * get none: it would be a part of the time of each.
 */
export function answerErrors(app: FastifyInstance, { random, log }: { random: Random; log: (message: string) => void }): void {
  app.setErrorHandler((error, request, reply) => {
    const requestId = random.uuid();
    const known = toPlatformError(error, request.routeOptions.bodyLimit ?? BODY_LIMIT_BYTES);
    if (known.code === 'INTERNAL_ERROR')
      log(`Request ${requestId} failed: ${error instanceof Error ? error.stack : String(error)}`);
    return sendError(reply, known, requestId);
  });
  app.setNotFoundHandler((request, reply) =>
    sendError(
      reply,
      new PlatformError('NOT_FOUND', `Cannot find the route ${request.method} ${request.url.slice(0, 200)}`),
      random.uuid(),
    ),
  );
}

function sendError(reply: FastifyReply, error: PlatformError, requestId: string): FastifyReply {
  if (error.status === 503 || error.status === 429) reply.header('retry-after', '1');
  return reply.code(error.status).send(error.toResponse(requestId));
}

/** The error of the catalogue for anything that was thrown while a request was handled. */
function toPlatformError(error: unknown, bodyLimit: number): PlatformError {
  if (error instanceof PlatformError) return error;
  if (error instanceof z.ZodError) {
    const issues = error.issues.slice(0, ISSUE_LIMIT).flatMap(pointed).slice(0, ISSUE_LIMIT);
    const [first] = issues;
    const place = first === undefined || first.path.length === 0 ? '' : ` at "${first.path.join('.').slice(0, 100)}"`;
    return new PlatformError('VALIDATION_ERROR', `Cannot read the request${place}: ${first?.message ?? 'not valid'}`, {
      details: issueDetails(issues),
      cause: error,
    });
  }
  const { code, statusCode } = codesOf(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || statusCode === 413) {
    return new PlatformError('PAYLOAD_TOO_LARGE', `Cannot read the request: its body has more than ${bodyLimit} bytes`, {
      details: { limit_bytes: bodyLimit },
      cause: error,
    });
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || statusCode === 415) {
    const supported: Json[] = ['application/json'];
    return new PlatformError('UNSUPPORTED_MEDIA_TYPE', 'Cannot read the request: its content type is not supported', {
      details: { supported },
      cause: error,
    });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new PlatformError('VALIDATION_ERROR', `Cannot read the request: ${messageOf(error)}`, {
      details: { issues: [{ pointer: '', message: messageOf(error) }] },
      cause: error,
    });
  }
  return new PlatformError('INTERNAL_ERROR', 'Cannot handle the request: the server failed', { cause: error });
}

/** A field that nobody knows is pointed to itself, not at what it is in. */
function pointed(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys
    .slice(0, ISSUE_LIMIT)
    .map((key) => ({ path: [...issue.path, key.slice(0, KEY_CHARACTERS)], message: 'is not known here' }));
}

function codesOf(error: unknown): Partial<Pick<FastifyError, 'code' | 'statusCode'>> {
  return error instanceof Error ? (error as Partial<FastifyError>) : {};
}
