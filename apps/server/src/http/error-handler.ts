import { PlatformError, issueDetails } from '@loopwright/protocol';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { knownPaths } from './known-paths.ts';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';

/** How many unknown fields of one object are named. */
const ISSUE_LIMIT = 20;
/** How much of its name is repeated. */
const KEY_CHARACTERS = 200;
const SERVER_METHODS = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT';

/** How callers prove who they are (RFC 6750). */
export const CHALLENGE = 'Bearer realm="loopwright"';

/** Answers every error in the one form of the platform, with a code of the catalogue. */
export function useErrorFormat(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  const methodsOf = knownPaths(app);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = methodsOf(path);
    // "*" asks about the server as a whole (RFC 9110 §9.3.7).
    if (request.method === 'OPTIONS' && path === '*') {
      void reply.status(204).header('allow', SERVER_METHODS).send();
      return;
    }
    if (request.method === 'OPTIONS' && allowed.length > 0) {
      void reply
        .status(204)
        .header('allow', [...allowed, 'OPTIONS'].join(', '))
        .send();
      return;
    }
    const error =
      allowed.length === 0
        ? new PlatformError('NOT_FOUND', `Cannot find ${request.method} ${path}`)
        : new PlatformError('METHOD_NOT_ALLOWED', `Cannot ${request.method} ${path}: it takes ${allowed.join(', ')}`, {
            details: { allowed },
          });
    if (allowed.length > 0) void reply.header('allow', allowed.join(', '));
    void reply.status(error.status).type(errorTypeFor(request)).send(error.toResponse(request.id));
  });
}

/**
 * Answers one error; also for requests that never reach a route, which Fastify reports by themselves. `unfitting` is the status of a request that
 * does not fit its schema, where it is another one than the catalogue's.
 */
export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply, unfitting?: number): void {
  const known = toPlatformError(error, request.routeOptions.bodyLimit);
  if (known.status >= 500 && isCutOff(error))
    request.log.info({ request_id: request.id }, 'The request was cut off before its body had come');
  else if (known.status >= 500) request.log.error({ err: error, code: known.code, request_id: request.id }, known.message);
  const wait = known.details?.['retry_after_seconds'];
  if (typeof wait === 'number') void reply.header('retry-after', wait);
  // RFC 9110 §15.5.2: a 401 says how to do better.
  if (known.status === 401 && !reply.hasHeader('www-authenticate')) void reply.header('www-authenticate', CHALLENGE);
  const isUnfitting = typeof unfitting === 'number' && hasZodFastifySchemaValidationErrors(error);
  const status = isUnfitting ? unfitting : known.status;
  const body = { ...known.toResponse(request.id), status };
  void reply.status(status).header('x-request-id', request.id).type(errorTypeFor(request)).send(body);
}

/** Every error is a problem document (RFC 9457); it is called one where the caller asks for that. Nothing else is negotiated: an error is better than none. */
function errorTypeFor({ headers }: FastifyRequest): string {
  return headers.accept?.includes('application/problem+json') === true ? 'application/problem+json' : 'application/json';
}

/** Whether the connection ended in the middle of the body: by the caller, or by a server that is closing. Nobody failed, and nobody gets the answer. */
function isCutOff(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET' && error.message === 'aborted';
}

/** What an error of Fastify, of a schema or of our own code is in the catalogue. Unknown ones say nothing of their inside. */
function toPlatformError(error: FastifyError | Error, bodyLimit?: number): PlatformError {
  if (error instanceof PlatformError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.flatMap(({ instancePath, message = 'is wrong', params }) => {
      const path = instancePath.split('/').filter((part) => part !== '');
      const unknown: unknown = params['keys'];
      // A field that nobody knows is pointed to itself, not at what it is in.
      if (!Array.isArray(unknown)) return [{ path, message }];
      return unknown
        .slice(0, ISSUE_LIMIT)
        .map((key) => ({ path: [...path, String(key).slice(0, KEY_CHARACTERS)], message: 'is not known here' }));
    });
    const where = error.validationContext ?? 'request';
    const summary = issues.map(({ path, message }) => `${[where, ...path].join('/')}: ${message}`).join('; ');
    return new PlatformError('VALIDATION_ERROR', `Cannot take the request: ${summary}`, {
      details: { in: where, ...issueDetails(issues, `/${where}`) },
      cause: error,
    });
  }
  if (isResponseSerializationError(error))
    return new PlatformError('INTERNAL_ERROR', 'Cannot write the answer', { cause: error });
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) {
    return new PlatformError('PAYLOAD_TOO_LARGE', 'Cannot take the request: its body is too large', {
      ...(bodyLimit === undefined ? {} : { details: { limit_bytes: bodyLimit } }),
      cause: error,
    });
  }
  if (status === 415) {
    return new PlatformError('UNSUPPORTED_MEDIA_TYPE', 'Cannot read the request: its content type is not supported', {
      details: { supported: ['application/json'] },
      cause: error,
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new PlatformError('VALIDATION_ERROR', `Cannot read the request: ${error.message}`, { cause: error });
  }
  if ('code' in error && error.code === 'ERR_SQLITE_ERROR') {
    return new PlatformError('STORE_FAILED', 'Cannot read the store: the log has the cause', { cause: error });
  }
  return new PlatformError('INTERNAL_ERROR', 'Cannot answer: the server failed', { cause: error });
}
