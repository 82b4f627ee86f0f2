import { writeFileSync } from 'node:fs';

/**
 * Lets the kernel wake a process for its timers up to so many nanoseconds late, and so for many of them at once; threads that it starts from then on
 * inherit it. isolated-vm has a timer for each call, whose end wakes a thread though the call is long over: each by itself is a sixth of the
 * processor time of a quick program. Where it is not Linux or not allowed, timers stay as punctual as they were.
 */
export function allowTimerSlack(pid: number, nanoseconds: number): void {
  try {
    writeFileSync(`/proc/${pid}/timerslack_ns`, String(nanoseconds));
  } catch {
    // Only faster with it.
  }
}
