import type { FetchHandler } from '../http-ipc/fetch-handler.ts';
import type { Middleware } from '../http-ipc/http-ipc-router.ts';
import { guardRequest, type JwtGuardOptions, pathOf } from './jwt-guard.ts';

/** Middleware for {@link HttpIpcRouter}. */
export function jwtMiddleware(options: JwtGuardOptions): Middleware {
  return async (request, next) => {
    const path = new URL(request.url).pathname;
    const refusal = await guardRequest(options, { carrier: request, path, authorization: request.headers.get('authorization') });
    return refusal === undefined
      ? next(request)
      : Response.json(refusal.body, { status: refusal.status, headers: { ...refusal.headers } });
  };
}

/** A plain handler that only requests with a valid token reach. */
export function withJwt(options: JwtGuardOptions, handler: FetchHandler): FetchHandler {
  const guard = jwtMiddleware(options);
  return (request) => guard(request, handler);
}

interface HonoContext {
  readonly req: { readonly url: string; header(name: string): string | undefined };
  body(data: string, status: never, headers: Record<string, string>): Response;
}

/** Middleware for Hono. */
export function jwtHono(
  options: JwtGuardOptions,
): (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined> {
  return async (context, next) => {
    const { req } = context;
    const path = new URL(req.url).pathname;
    const refusal = await guardRequest(options, { carrier: context, path, authorization: req.header('authorization') });
    if (refusal === undefined) {
      await next();
      return undefined;
    }
    // Hono's own type of a status is a list of numbers.
    return context.body(JSON.stringify(refusal.body), refusal.status as never, {
      ...refusal.headers,
      'content-type': 'application/json',
    });
  };
}

interface ExpressRequest {
  readonly originalUrl: string;
  readonly headers: { readonly authorization?: string | undefined };
}
interface ExpressResponse {
  status(code: number): { set(headers: Record<string, string>): { json(body: unknown): unknown } };
}

type ExpressNext = (error?: unknown) => void;

/** Middleware for Express; where it is mounted does not matter, paths to skip are those of the whole application. */
export function jwtExpress(
  options: JwtGuardOptions,
): (request: ExpressRequest, response: ExpressResponse, next: ExpressNext) => void {
  const guard = async (request: ExpressRequest, response: ExpressResponse, next: ExpressNext): Promise<void> => {
    try {
      const { originalUrl, headers } = request;
      const asked = { carrier: request, path: pathOf(originalUrl), authorization: headers.authorization };
      const refusal = await guardRequest(options, asked);
      if (refusal !== undefined) {
        response
          .status(refusal.status)
          .set({ ...refusal.headers })
          .json(refusal.body);
        return;
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
  return (request, response, next) => void guard(request, response, next);
}

interface FastifyRequest {
  readonly url: string;
  readonly headers: { readonly authorization?: string | undefined };
}
interface FastifyReply {
  code(status: number): { headers(values: Record<string, string>): { send(body: unknown): unknown } };
}

/** A hook for Fastify: `app.addHook('onRequest', jwtFastify(options))`. */
export function jwtFastify(options: JwtGuardOptions): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const { url, headers } = request;
    const refusal = await guardRequest(options, { carrier: request, path: pathOf(url), authorization: headers.authorization });
    return refusal === undefined
      ? undefined
      : reply
          .code(refusal.status)
          .headers({ ...refusal.headers })
          .send(refusal.body);
  };
}
