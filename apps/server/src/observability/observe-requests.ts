import { type Span, SpanStatusCode, context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from './metrics.ts';
import { traceparentOf } from './trace-parent.ts';
import type { Tracing } from './tracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of this request. */
    span: Span | null;
  }
}

/** The routes that are asked all the time and say nothing. */
const QUIET = new Set(['/health', '/ready', '/metrics']);

/**
 * Every request has a span, under the caller's `traceparent` when it sends one, is measured by its route, and leaves one line in the log, however it ends: changes and
 * refusals at `info`, reads at `debug`. Lines name the route and ids; never a query, a body or a credential.
 */
export function observeRequests(app: FastifyInstance, { tracing, metrics }: { tracing: Tracing; metrics: Metrics }): void {
  app.decorateRequest('span', null);
  app.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const route = request.routeOptions.url ?? 'unknown';
    const { span, within } = tracing.beginRequest(
      `${request.method} ${route}`,
      typeof traceparent === 'string' ? traceparent : undefined,
    );
    request.span = span;
    reply.header('x-request-id', request.id).header('traceparent', traceparentOf(span.spanContext()));
    // Whoever goes away before the answer has ended leaves no `onResponse` behind.
    reply.raw.once('close', () => context.with(within, () => end(request, reply)));
    context.with(within, done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    end(request, reply);
    done();
  });

  function end(request: FastifyRequest, reply: FastifyReply): void {
    const { span, method, principal } = request;
    if (span === null) return;
    request.span = null;
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode: status, elapsedTime } = reply;
    metrics.request(elapsedTime / 1000, { method, route, status });
    span.setAttributes({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status });
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    if (QUIET.has(route)) return;
    // `left`: the caller went away before the answer had ended; for a stream that is how it ends.
    const left = reply.raw.writableFinished ? {} : { left: true };
    const line = { request_id: request.id, method, route, status, ms: Math.round(elapsedTime), user: principal?.userId, ...left };
    if ((method === 'GET' || method === 'HEAD') && status < 400) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  }
}
