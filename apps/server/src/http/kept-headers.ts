import type { FastifyReply } from 'fastify';
import type { KeptResponse } from './kept-responses.ts';

/** What an answer says in its headers that belongs to it and not to the moment at which it was sent. */
const KEPT = [
  'cache-control',
  'etag',
  'location',
  'preference-applied',
  'x-execution-id',
  'x-program-alias',
  'x-program-digest',
  'x-program-version',
];

/** The headers of an answer that are kept with it. A cookie is a secret: it is kept with what is sealed only. */
export function keptHeadersOf(reply: FastifyReply, { isSealed }: { readonly isSealed: boolean }): Record<string, string> {
  const names = isSealed ? [...KEPT, 'set-cookie'] : KEPT;
  return Object.fromEntries(names.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])));
}

/** Gives an answer again, marked. */
export function sendKept(reply: FastifyReply, { status, contentType, headers, body }: KeptResponse): FastifyReply {
  return reply.headers(headers).header('idempotent-replayed', 'true').status(status).type(contentType).send(body);
}
