import { createHash, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@loopwright/protocol';

/** Lets only the orchestrator through, when it has a token. @throws PlatformError UNAUTHORIZED; `what` completes "Cannot …". */
export function checkToken(header: string | undefined, token: string | undefined, what: string): void {
  if (token === undefined) return;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (header !== undefined && timingSafeEqual(digest(header), digest(`Bearer ${token}`))) return;
  throw new PlatformError('UNAUTHORIZED', `Cannot ${what}: the bearer token is missing or wrong`);
}
