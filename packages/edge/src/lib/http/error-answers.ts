import type { ServerResponse } from 'node:http';
import { type ErrorResponse, type Json, PlatformError, type Random, issueDetails, messageOf } from '@loopwright/protocol';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { BODY_LIMIT_BYTES } from './limits.ts';

/** Issues that an answer names, and how much of the name of an unknown field. */
const ISSUE_LIMIT = 20;
const KEY_CHARACTERS = 100;

/** What an error is answered with, whichever way the request came. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorResponse;
}

/** Gives the answer to anything that was thrown while a request with this limit of its body was handled. */
export type AnswerError = (error: unknown, bodyLimit: number) => ErrorAnswer;

/** Nothing else tells the id of a request, so those that succeed get none: it would be a part of the time of each. */
export function errorAnswers({ random, log }: { random: Random; log: (message: string) => void }): AnswerError {
  return (error, bodyLimit) => {
    const requestId = random.uuid();
    const known = toPlatformError(error, bodyLimit);
    const { status } = known;
    if (known.code === 'INTERNAL_ERROR')
      log(`Request ${requestId} failed: ${error instanceof Error ? error.stack : String(error)}`);
    const headers = status === 503 || status === 429 ? { 'retry-after': '1' } : {};
    return { status, headers, body: known.toResponse(requestId) };
  };
}

/** Answers every error and every unknown route with the body that all processes of the platform use. */
export function answerErrors(app: FastifyInstance, answerError: AnswerError): void {
  const send = (reply: FastifyReply, { status, headers, body }: ErrorAnswer): FastifyReply =>
    reply.code(status).headers(headers).send(body);
  app.setErrorHandler((error, request, reply) =>
    send(reply, answerError(error, request.routeOptions.bodyLimit ?? BODY_LIMIT_BYTES)),
  );
  app.setNotFoundHandler((request, reply) => {
    const unknown = new PlatformError('NOT_FOUND', `Cannot find the route ${request.method} ${request.url.slice(0, 200)}`);
    return send(reply, answerError(unknown, BODY_LIMIT_BYTES));
  });
}

/** Sends the answer to an error past Fastify; where an answer has begun, its connection ends. */
export function sendError(response: ServerResponse, { status, headers, body }: ErrorAnswer): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = JSON.stringify(body);
  const type = 'application/json; charset=utf-8';
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
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
