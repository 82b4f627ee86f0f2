import type { Clock } from '@loopwright/protocol';
import { RETRY_AFTER_LIMIT_MS } from './limits.ts';

/**
 * Milliseconds before the next attempt: `base · 2^failures` (failures counted from 0, the source's formula), or what the
 * service asked for where that is longer, at most {@link RETRY_AFTER_LIMIT_MS}.
 */
export function retryDelayMs(baseMs: number, failures: number, retryAfterMs: number | undefined): number {
  return Math.max(baseMs * 2 ** failures, Math.min(retryAfterMs ?? 0, RETRY_AFTER_LIMIT_MS));
}

/** Reads a `Retry-After` header, seconds or an HTTP date, as milliseconds from now; `undefined` when it says nothing usable. */
export function parseRetryAfter(header: string | null, clock: Pick<Clock, 'now'>): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Za-z]{3},/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}
