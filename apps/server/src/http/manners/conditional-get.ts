import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The content, or a range of it. */
const COMPLETE: ReadonlySet<number> = new Set([200, 206]);

/**
 * Gives every answer to a GET that has no `ETag` of its own a weak one of its content, and answers `If-None-Match` with 304 and
 * `If-Match` of other content with 412 (RFC 9110, §13.1).
 * The answer is made all the same: what is saved is the way to the client. Streams are left alone.
 */
export function useConditionalGet(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    done(null, isRead && COMPLETE.has(reply.statusCode) ? answered(request, reply, payload) : payload);
  });
}

/** What goes out of an answer to a read. */
function answered(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  let etag = reply.getHeader('etag');
  if (etag === undefined && reply.statusCode === 200 && (typeof payload === 'string' || payload instanceof Buffer)) {
    etag = `W/"${hash('sha1', payload, 'base64url')}"`;
    reply.header('etag', etag).header('cache-control', reply.getHeader('cache-control') ?? 'private, no-cache');
  }
  if (typeof etag !== 'string') return payload;
  const { 'if-match': required, 'if-none-match': known } = request.headers;
  if (required !== undefined && !matchesStrongly(required, etag)) {
    dispose(payload);
    const error = new PlatformError('PRECONDITION_FAILED', 'Cannot answer: the content is not the one that If-Match names');
    reply.status(error.status).type('application/json').removeHeader('content-length').removeHeader('content-disposition');
    return JSON.stringify(error.toResponse(request.id));
  }
  if (known === undefined || !namesTag(known, etag)) return payload;
  dispose(payload);
  reply.status(304).removeHeader('content-type').removeHeader('content-length');
  // Without a length: it would be that of the content (RFC 9110 §8.6). Fastify counts what a HEAD is answered with, save for streams.
  return request.method === 'HEAD' ? Readable.from([]) : null;
}

/** A stream of the route's own is not read any more. */
function dispose(payload: unknown): void {
  if (typeof payload === 'object' && payload !== null && 'destroy' in payload && typeof payload.destroy === 'function')
    payload.destroy();
}

/** Whether `If-Match` lets this content pass: it compares strongly, so that a weak tag is never the same (RFC 9110 §13.1.1). */
function matchesStrongly(required: string, etag: string): boolean {
  return required.trim() === '*' || (!etag.startsWith('W/') && required.split(',').some((tag) => tag.trim() === etag));
}

/** Whether one of the tags of `If-None-Match` is this one; for a GET weak and strong ones are compared alike (RFC 9110 §13.1.2). */
export function namesTag(wanted: string, etag: string): boolean {
  const bare = (tag: string): string => tag.trim().replace(/^W\//, '');
  return wanted.trim() === '*' || wanted.split(',').some((tag) => bare(tag) === bare(etag));
}
