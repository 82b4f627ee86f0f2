import { createHash, timingSafeEqual } from 'node:crypto';
import { errorResponse } from '../http-ipc/api-response.ts';
import type { FetchHandler } from '../http-ipc/fetch-handler.ts';

/** A handler that only requests with this token reach; the time of the comparison tells nothing about it. */
export function withBearer(token: string, handler: FetchHandler): FetchHandler {
  const expected = digest(`Bearer ${token}`);
  return (request) => {
    if (timingSafeEqual(digest(request.headers.get('authorization') ?? ''), expected)) return handler(request);
    const response = errorResponse(401, 'The token of the orchestrator is missing or wrong');
    response.headers.set('www-authenticate', 'Bearer');
    return response;
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
