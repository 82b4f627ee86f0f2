import { type ErrorCode, PlatformError, type ErrorResponse } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SERVICE_LIMITS } from '../limits.ts';

/** When a caller that was refused because too much waits may come again, in seconds. */
const RETRY_AFTER_SECONDS = 5;
/** Codes of Fastify that are the caller's fault. */
const CALLER_FAULTS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Makes every error an answer of the catalogue. What is not expected is logged with its cause and told as INTERNAL_ERROR. */
export function answerErrors(app: FastifyInstance, log: (message: string, error: unknown) => void): void {
  app.setNotFoundHandler((request, reply) => {
    void send(reply, new PlatformError('NOT_FOUND', `Cannot find ${request.method} "${request.url.slice(0, 200)}"`), request.id);
  });
  app.setErrorHandler((error, request, reply) => {
    const known = platformErrorOf(error);
    if (
      known.status >= 500 &&
      known.code !== 'PROVIDER_NOT_CONFIGURED' &&
      known.code !== 'OVERLOADED' &&
      known.code !== 'LANGUAGE_UNAVAILABLE'
    )
      log('request failed', error);
    void send(reply, known, request.id);
  });
}

function send(reply: FastifyReply, error: PlatformError, requestId: string): FastifyReply {
  if (error.code === 'OVERLOADED' || error.code === 'RATE_LIMITED') void reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  const body: ErrorResponse = error.toResponse(requestId);
  return reply.code(error.status).send(body);
}

function platformErrorOf(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    const code = 'code' in error ? CALLER_FAULTS[String(error.code)] : undefined;
    const details = code === 'PAYLOAD_TOO_LARGE' ? { limit_bytes: SERVICE_LIMITS.bodyBytes } : undefined;
    return new PlatformError(code ?? 'VALIDATION_ERROR', `Cannot read the request: ${error.message}`, details && { details });
  }
  return new PlatformError('INTERNAL_ERROR', 'Cannot answer the request: the service failed', { cause: error });
}
