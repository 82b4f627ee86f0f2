import type { Clock } from '@loopwright/protocol';

/** A clock that stands until it is advanced; what is scheduled never comes by itself. */
export interface HeldClock extends Clock {
  advance(milliseconds: number): void;
}

/** Makes a {@link HeldClock}. */
export function heldClock(): HeldClock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    schedule: () => () => undefined,
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}
