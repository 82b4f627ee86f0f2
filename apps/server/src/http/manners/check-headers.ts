import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Headers of which Node keeps the first one and drops the others: whoever stands in between may have looked at another one. */
const SINGLE = ['host', 'authorization', 'content-type'];

/**
 * Refuses requests whose headers could be read in two ways, before anything is made of them: without a `Host` or with two (RFC 9112 §3.2), with two of what
 * there may be one of, with a body in an encoding or a character set that nobody would decode. A path with an empty part is none of ours.
 */
export function checkHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { httpVersion, headers, rawHeaders } = request.raw;
    if (httpVersion === '1.1' && headers.host === undefined) throw misused('host', 'is missing');
    const names = rawHeaders.filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase());
    const twice = SINGLE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
    if (twice !== undefined) throw misused(twice, 'is there twice');
    checkBody(request);
    done();
  });
}

/** Answers a path whose parameter is empty, as in `/executions/`, as one that there is not. Register it behind identities. */
export function refuseEmptyParts(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const parts = Object.values((request.params ?? {}) as Readonly<Record<string, string>>);
    if (parts.includes('') && request.routeOptions.url?.includes('*') !== true) return reply.callNotFound();
    done();
  });
}

/** JSON on the wire is UTF-8 (RFC 8259 §8.1), and no body is compressed: what says otherwise would be read as something else. */
function checkBody({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw unsupported(`it is encoded as "${encoding.slice(0, 40)}"`, { supported: ['identity'] });
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset))
    throw unsupported(`its character set is "${charset.slice(0, 40)}"`, { supported: ['utf-8'] });
}

function misused(name: string, message: string): PlatformError {
  return new PlatformError('VALIDATION_ERROR', `Cannot take the request: the header ${name} ${message}`, {
    details: { in: 'headers', issues: [{ pointer: `/headers/${name}`, message }] },
  });
}

function unsupported(why: string, details: { supported: string[] }): PlatformError {
  return new PlatformError('UNSUPPORTED_MEDIA_TYPE', `Cannot read the body of the request: ${why}`, { details });
}
