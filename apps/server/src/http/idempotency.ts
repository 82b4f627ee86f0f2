import { createHash } from 'node:crypto';
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
