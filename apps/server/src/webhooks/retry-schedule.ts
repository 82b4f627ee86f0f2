const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long to wait after the first, the second … failed attempt, as Standard Webhooks recommends: ten attempts in about three days. */
const WAITS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** How much longer a wait may be, so that what failed together does not come back together. */
const JITTER = 0.2;
/** The longest wait that a receiver may ask for. */
const RETRY_AFTER_LIMIT = 24 * HOUR;

/** Milliseconds to the next attempt after `attempts` failed ones, never before the receiver asked for; `undefined`: it was the last one. */
export function waitAfter(attempts: number, retryAfterMs: number, jitter: number): number | undefined {
  const wait = WAITS[attempts - 1];
  if (wait === undefined) return undefined;
  return Math.round(Math.max(wait * (1 + JITTER * jitter), Math.min(retryAfterMs, RETRY_AFTER_LIMIT)));
}

/** The header `Retry-After` in milliseconds from now: seconds or a date; 0 for none and for what is neither. */
export function parseRetryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
