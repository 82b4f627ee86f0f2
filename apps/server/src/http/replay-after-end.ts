import type { FastifyInstance } from 'fastify';
import { type CookieRules, cookieIn } from '../identity/session-cookie.ts';
import { idempotencyKeySchema, keptKeyOfSecret } from './idempotency.ts';
import { sendKept } from './kept-headers.ts';
import type { KeptResponses } from './kept-responses.ts';
import { openAnswer } from './sealed-answer.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the request ends the session that it is made in, so that nobody is known when it is repeated. */
    endsSession?: boolean;
  }
}

/**
 * Gives the answer to a request that ended its own session again, to whoever shows the value of that session's cookie and the Idempotency-Key. Register it
 * before identities: they know the session no more. Nothing is changed by it, and the answer has nothing but what whoever has the cookie had before.
 */
export function replayAfterEnd(app: FastifyInstance, responses: KeptResponses, cookies: CookieRules): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.endsSession !== true || request.headers.authorization !== undefined) return done();
    const given = idempotencyKeySchema.safeParse(request.headers['idempotency-key']);
    const secret = cookieIn(request.headers.cookie, cookies.session);
    if (!given.success || secret === null) return done();
    const key = keptKeyOfSecret(request, given.data, secret);
    const kept = responses.find(key);
    if (kept === undefined || kept.status >= 300) return done();
    return void sendKept(reply, openAnswer(kept, { secret, key }));
  });
}
