import { createHash, timingSafeEqual } from 'node:crypto';
import { type ExecutionPlan, PlatformError, isLoopback } from '@loopwright/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SERVICE_LIMITS } from '../limits.ts';

/**
 * Who sends a plan, for taking turns. A caller that must show the token, or is on this machine, may name those it works for (`X-Caller-Id`, else the project
 * of the plan); any other one is its address, because a name costs nothing.
 */
export function callerName(request: FastifyRequest, plan: ExecutionPlan, hasToken: boolean): string {
  if (hasToken || isLoopback(request.ip)) {
    const name = request.headers['x-caller-id'];
    if (typeof name === 'string' && name !== '') return `name ${name.slice(0, SERVICE_LIMITS.callerCharacters)}`;
    if (plan.project_name !== null) return `project ${plan.project_name}`;
  }
  return `address ${request.ip}`;
}

/** Aborted when the caller closes the connection before it has its answer. */
export function callerSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot answer: the caller is gone'));
  });
  return gone.signal;
}

/** Refuses a request without the token, where there is one. */
export async function checkToken(request: FastifyRequest, token: string | undefined): Promise<void> {
  if (token === undefined) return;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`)))
    throw new PlatformError('UNAUTHORIZED', 'Cannot serve the request: the token is missing or wrong');
}
