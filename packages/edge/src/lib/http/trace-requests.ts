import type { ModuleTrace, OpenSpan } from '@loopwright/module-sdk';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Gives every request that names a sampled trace a span, and what its handler does a place below it. */
export function traceRequests(app: FastifyInstance, trace: ModuleTrace): void {
  const open = new WeakMap<FastifyRequest, OpenSpan>();
  app.addHook('onRequest', (request, reply, done) => {
    if (request.raw.headers['traceparent'] === undefined) {
      done();
      return;
    }
    const span = trace.open(`${request.method} ${request.routeOptions.url ?? 'unknown'}`, request.headers['traceparent']);
    if (span !== undefined) {
      open.set(request, span);
      reply.raw.once('close', () => {
        const { statusCode } = reply;
        span.end({ ok: statusCode < 500, attributes: { 'http.response.status_code': statusCode } });
      });
    }
    done();
  });
  // Behind the reading of the body, whose end comes from outside of what the first hook could reach.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = open.get(request);
    if (span === undefined) done();
    else span.run(done);
  });
}
