import { createHash, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { EdgeParts } from './edge-parts.ts';

/** Lets only the orchestrator through, where one is configured. Throws UNAUTHORIZED. */
export function checkToken(
  { headers }: Pick<FastifyRequest, 'headers'>,
  { authToken }: Pick<EdgeParts, 'authToken'>,
  what: string,
): void {
  if (authToken === undefined) return;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const { authorization } = headers;
  if (authorization !== undefined && timingSafeEqual(digest(authorization), digest(`Bearer ${authToken}`))) return;
  throw new PlatformError('UNAUTHORIZED', `Cannot ${what}: the bearer token is missing or wrong`);
}
