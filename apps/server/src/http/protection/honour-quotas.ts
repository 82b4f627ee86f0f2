import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DailyQuotas, QuotaKind } from '../../quotas/daily-quotas.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request to this route uses up when it succeeds. */
    quota?: QuotaKind;
  }
  interface FastifyRequest {
    /** Gives back what the request took of a quota. */
    returnQuota: (() => Promise<void>) | null;
  }
}

/**
 * Takes one of the caller's quota before a route that has `config.quota` begins, and gives it back when the answer is an error or was given before. A process that
 * dies in between has counted one too many, never one too few.
 */
export function honourQuotas(api: FastifyInstance, quotas: DailyQuotas): void {
  const take = async (request: FastifyRequest, quota: QuotaKind): Promise<void> => {
    request.returnQuota = await quotas.take(request.principal.userId, quota);
  };
  api.decorateRequest('returnQuota', null);
  api.addHook('preHandler', (request, _reply, done) => {
    const { quota } = request.routeOptions.config;
    return quota === undefined ? done() : take(request, quota);
  });
  api.addHook('onResponse', (request, reply, done) => {
    const { returnQuota } = request;
    const isUsed = reply.statusCode < 400 && reply.getHeader('idempotent-replayed') === undefined;
    return returnQuota === null || isUsed ? done() : returnQuota();
  });
}
