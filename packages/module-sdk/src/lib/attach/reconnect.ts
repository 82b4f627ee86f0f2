import type { Random } from '@loopwright/protocol';

/** When a connection that was lost is made again. */
export type Reconnect =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed_interval'; readonly intervalMs: number }
  /** Doubles after each failure in a row. */
  | { readonly kind: 'exponential_backoff'; readonly firstMs?: number; readonly longestMs?: number; readonly factor?: number };

/** The source's figures. */
const FIRST_MS = 100;
const LONGEST_MS = 30_000;
const FACTOR = 2;

/** Milliseconds before the next attempt after so many failures (from 0); `undefined` when there is none. The upper half of a growing wait is random, so that modules which were cut off together do not come together. */
export function reconnectAfter(reconnect: Reconnect, failures: number, random: Random): number | undefined {
  if (reconnect.kind === 'none') return undefined;
  if (reconnect.kind === 'fixed_interval') return reconnect.intervalMs;
  const { firstMs = FIRST_MS, longestMs = LONGEST_MS, factor = FACTOR } = reconnect;
  return Math.min(longestMs, firstMs * factor ** Math.min(failures, 1000)) * (0.5 + random.next() / 2);
}
