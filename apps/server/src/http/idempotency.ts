import { z } from 'zod';

/** The `Idempotency-Key` header: the caller's name for one request, at most 255 visible ASCII characters. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/);
