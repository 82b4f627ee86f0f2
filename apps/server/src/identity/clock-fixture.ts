import type { Clock } from '@loopwright/protocol';

/** A clock that stands until the test moves it. */
export interface HeldClock extends Clock {
  /** Lets time pass; what is due by then runs. */
  pass(milliseconds: number): void;
}

/** A clock that shows a fixed time at first. */
export function heldClock(start = Date.UTC(2026, 10, 21, 9)): HeldClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    schedule: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass: (milliseconds) => {
      now += milliseconds;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.run();
      }
    },
  };
}
