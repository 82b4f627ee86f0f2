/** The one source of time. Everything that reads the time or waits takes a clock, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels it. A timer alone does not keep the process alive. */
  schedule(delayMs: number, run: () => void): () => void;
}

/** Longest delay that a timer of Node takes, in milliseconds. Longer ones would fire at once. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), TIMER_LIMIT_MS));
    if (typeof timer === 'object') timer.unref();
    return () => clearTimeout(timer);
  },
};

/** The last time that was written: under load many things happen in one millisecond. */
let written = { milliseconds: NaN, text: '' };

/** Time as the wire writes it: RFC 3339 in UTC with milliseconds. */
export function isoTime(milliseconds: number): string {
  if (milliseconds !== written.milliseconds) written = { milliseconds, text: new Date(milliseconds).toISOString() };
  return written.text;
}
