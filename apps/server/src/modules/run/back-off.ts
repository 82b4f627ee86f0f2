import type { Random } from '@loopwright/protocol';

/**
 * Milliseconds before the next start: `min · 2^failures`, at most `max`, of which the upper half is random so that modules
 * which failed together do not start together. `failures` counts from 0.
 */
export function backOffMs(failures: number, range: { readonly min: number; readonly max: number }, random: Random): number {
  const full = Math.min(range.max, range.min * 2 ** Math.min(failures, 30));
  return full * (0.5 + random.next() / 2);
}
