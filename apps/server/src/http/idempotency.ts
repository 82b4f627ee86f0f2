import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

/** The `Idempotency-Key` header: the caller's name for one request, at most 255 visible ASCII characters. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/);

/** The execution that an idempotency key of a user stands for: a UUID made of their digest (RFC 9562, version 8). */
export function executionIdOf(user: string, purpose: string, key: string): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([user, purpose, key]))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * What the answer to a request is kept under. It belongs to a person, and a credential with fewer rights does not get what another one of the same
 * person was answered; with a `secret`, it belongs to whoever shows that.
 */
export function keptKeyOf({ userId, principal, method, url }: FastifyRequest, given: string, secret: string | null): string {
  return secret === null
    ? digestOfParts([...ownerOf(userId, principal), method, pathOf(url), given])
    : keptKeyOfSecret({ method, url }, given, secret);
}

/** The same for a request of which nothing is known but the secret that it shows. */
export function keptKeyOfSecret({ method, url }: { method: string; url: string }, given: string, secret: string): string {
  return digestOfParts([{ secret }, method, pathOf(url), given]);
}

function ownerOf(userId: string, { scopes, roleCap, onlyProjects }: FastifyRequest['principal']): unknown[] {
  const rights = [scopes, roleCap, onlyProjects === null ? null : [...onlyProjects].sort()];
  return [userId, ...(rights.some((right) => right !== null) ? rights : [])];
}

function pathOf(url: string): string {
  return url.split('?')[0] ?? '';
}

function digestOfParts(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
