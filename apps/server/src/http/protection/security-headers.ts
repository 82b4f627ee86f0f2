import cors, { type FastifyCorsOptions } from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyRequest } from 'fastify';

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

/**
 * The headers that keep browsers from doing more with an answer than was meant: answers are data, so no page of them may load or run anything,
 * be framed, or be taken for another type. Pages have policies of their own. Other origins are let in only when they are named, and never with cookies.
 */
export async function useSecurityHeaders(app: FastifyInstance, corsOrigins: readonly string[]): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] },
    },
    // Requests that ask for permission (CORS) are not touched by this; what a page embeds without asking is.
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
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

/** Any other OPTIONS asks which methods there are. */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}
