import type { Clock } from '@loopwright/protocol';

/** A clock that stands until a test moves it. */
export interface HeldClock extends Clock {
  /** Moves on by so many milliseconds and runs what is due, in its order, each at its own time. */
  advance(milliseconds: number): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Turns of the event loop in which what a timer woke can commit and go on. */
const TURNS = 12;

/** A clock that begins at a time, in milliseconds since 1970-01-01 UTC. */
export function heldClock(start: number): HeldClock {
  let now = start;
  let timers: Timer[] = [];
  return {
    now: () => now,
    schedule: (delayMs, run) => {
      const timer = { at: now + Math.max(0, delayMs), run };
      timers = [...timers, timer].sort((one, other) => one.at - other.at);
      return () => void (timers = timers.filter((one) => one !== timer));
    },
    advance: async (milliseconds) => {
      const end = now + milliseconds;
      await turns();
      for (let next = timers[0]; next !== undefined && next.at <= end; next = timers[0]) {
        now = Math.max(now, next.at);
        timers = timers.slice(1);
        next.run();
        await turns();
      }
      now = end;
    },
  };
}

async function turns(): Promise<void> {
  for (let count = 0; count < TURNS; count += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
