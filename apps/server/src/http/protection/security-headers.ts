import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import helmet from 'helmet';

/** What a page of another origin may send, besides what any form may. Nothing of a session: cookies are not for them. */
const ALLOWED = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'If-Range',
  'Last-Event-ID',
  'Prefer',
  'Range',
  'Traceparent',
  'Tracestate',
  'X-Request-Id',
];

/** What it may read of an answer, besides what any page may. */
const EXPOSED = [
  'Accept-Ranges',
  'Allow',
  'Content-Disposition',
  'Content-Range',
  'ETag',
  'Idempotent-Replayed',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Traceparent',
  'WWW-Authenticate',
  'X-Execution-Id',
  'X-Next-Cursor',
  'X-Program-Digest',
  'X-Program-Version',
  'X-Request-Id',
];

const SHARED: FastifyCorsOptions = {
  credentials: false,
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: ALLOWED,
  exposedHeaders: EXPOSED,
  maxAge: 600,
};

/** What helmet says to every answer: it depends on nothing of the request, so it is asked once. */
export const SECURITY_HEADERS: Readonly<OutgoingHttpHeaders> = securityHeaders();

/**
 * Gives every answer the headers that keep browsers from doing more with an answer than was meant: answers are data, so no page of them may load or run anything,
 * be framed, or be taken for another type. Pages have policies of their own. Other origins are let in only when they are named, and never with cookies.
 */
export async function useSecurityHeaders(app: FastifyInstance, corsOrigins: readonly string[]): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done();
  });
  if (corsOrigins.length === 0) return;
  await app.register(cors, {
    delegator: (request, done) => {
      const { origin } = request.headers;
      // Browsers write origins in one way only, so nothing but the same text is the same origin.
      const isListed = origin !== undefined && corsOrigins.includes(origin);
      done(null, { ...SHARED, origin: isListed ? origin : false, preflight: isPreflight(request) });
    },
  });
}

function securityHeaders(): Readonly<OutgoingHttpHeaders> {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const write = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    // Requests that ask for permission (CORS) are not touched by this; what a page embeds without asking is.
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  write(request, response, (error) => {
    if (error !== undefined) throw new Error('Cannot make the headers of all answers', { cause: error });
  });
  return { ...response.getHeaders() };
}

/** Any other OPTIONS asks which methods there are. */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}
