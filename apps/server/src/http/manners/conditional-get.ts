import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * Gives every answer to a GET that has no `ETag` of its own a weak one of its content, and answers `If-None-Match` with 304 (RFC 9110, §13.1.2).
 * The answer is made all the same: what is saved is the way to the client. Streams are left alone.
 */
export function useConditionalGet(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    done(null, isRead && reply.statusCode === 200 ? answered(request, reply, payload) : payload);
  });
}

/** What goes out of an answer to a read. */
function answered(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  let etag = reply.getHeader('etag');
  if (etag === undefined && (typeof payload === 'string' || payload instanceof Buffer)) {
    etag = `W/"${hash('sha1', payload, 'base64url')}"`;
    reply.header('etag', etag).header('cache-control', reply.getHeader('cache-control') ?? 'private, no-cache');
  }
  const wanted = request.headers['if-none-match'];
  if (typeof etag !== 'string' || wanted === undefined || !matches(wanted, etag)) return payload;
  // A stream of the route's own is not read any more.
  if (typeof payload === 'object' && payload !== null && 'destroy' in payload && typeof payload.destroy === 'function')
    payload.destroy();
  reply.status(304).removeHeader('content-type').removeHeader('content-length');
  return '';
}

/** Whether one of the tags of `If-None-Match` is this one; for a GET weak and strong ones are compared alike. */
function matches(wanted: string, etag: string): boolean {
  const bare = (tag: string): string => tag.trim().replace(/^W\//, '');
  return wanted.trim() === '*' || wanted.split(',').some((tag) => bare(tag) === bare(etag));
}
