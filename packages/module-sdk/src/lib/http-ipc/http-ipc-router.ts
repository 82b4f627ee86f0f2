import { PlatformError } from '@loopwright/protocol';
import { badRequest, errorResponse, internalError, notFound } from './api-response.ts';
import type { FetchHandler } from './fetch-handler.ts';

/** Runs around the handlers: may answer itself, or change the answer of `next`. */
export type Middleware = (request: Request, next: FetchHandler) => Response | Promise<Response>;

type StatusHandler = (response: Response, request: Request) => Response | Promise<Response>;

/** Routes by exact path (the query is not part of it) and method; a handler like any other, so that one router can stand in another. */
export class HttpIpcRouter {
  readonly #routes = new Map<string, Map<string, FetchHandler>>();
  readonly #middleware: Middleware[] = [];
  readonly #onStatus = new Map<number, StatusHandler>();
  readonly #onError: (error: unknown) => void;
  #notFound: FetchHandler = () => notFound();

  /** @param onError Gets what a handler threw and is no {@link PlatformError}; the caller only learns that it failed. */
  constructor({ onError = () => undefined }: { readonly onError?: (error: unknown) => void } = {}) {
    this.#onError = onError;
  }

  /** Adds a route. `HEAD` is answered by the handler of `GET`. @throws RangeError When it is there already. */
  route(method: string, path: string, handler: FetchHandler): this {
    const methods = this.#routes.get(path) ?? new Map<string, FetchHandler>();
    if (methods.has(method)) throw new RangeError(`Cannot add the route ${method} ${path}: it is there already`);
    this.#routes.set(path, methods.set(method, handler));
    return this;
  }

  get(path: string, handler: FetchHandler): this {
    return this.route('GET', path, handler);
  }

  post(path: string, handler: FetchHandler): this {
    return this.route('POST', path, handler);
  }

  put(path: string, handler: FetchHandler): this {
    return this.route('PUT', path, handler);
  }

  delete(path: string, handler: FetchHandler): this {
    return this.route('DELETE', path, handler);
  }

  /** Adds middleware; the first one added is the outermost. */
  use(middleware: Middleware): this {
    this.#middleware.push(middleware);
    return this;
  }

  /** Answers for paths that have no route. */
  notFound(handler: FetchHandler): this {
    this.#notFound = handler;
    return this;
  }

  /** Replaces every answer with a status. */
  onStatus(status: number, handler: StatusHandler): this {
    this.#onStatus.set(status, handler);
    return this;
  }

  /** What the routes are, as an announcement has them. */
  endpoints(): { path: string; methods: string[] }[] {
    return [...this.#routes].map(([path, methods]) => ({ path, methods: [...methods.keys()] }));
  }

  /** The handler of all routes. */
  readonly fetch: FetchHandler = async (request) => {
    const chain = this.#middleware.reduceRight<FetchHandler>(
      (next, middleware) => (inner) => middleware(inner, next),
      (inner) => this.#dispatch(inner),
    );
    const response = await guarded(() => chain(request), this.#onError);
    const onStatus = this.#onStatus.get(response.status);
    return onStatus === undefined ? response : guarded(() => onStatus(response, request), this.#onError);
  };

  async #dispatch(request: Request): Promise<Response> {
    const methods = this.#routes.get(new URL(request.url).pathname);
    if (methods === undefined) return this.#notFound(request);
    const handler = methods.get(request.method) ?? (request.method === 'HEAD' ? methods.get('GET') : undefined);
    if (handler !== undefined) return handler(request);
    const response = errorResponse(405, 'The route does not take this method');
    response.headers.set('allow', [...methods.keys()].join(', '));
    return response;
  }
}

async function guarded(run: () => Response | Promise<Response>, onError: (error: unknown) => void): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof PlatformError) return errorResponse(error.status, error.message, error.code);
    if (error instanceof SyntaxError) return badRequest('The body is no JSON');
    onError(error);
    return internalError();
  }
}
