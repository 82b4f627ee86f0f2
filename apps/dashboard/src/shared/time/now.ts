import { systemClock } from '@loopwright/protocol';
import { useSyncExternalStore } from 'react';

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let now = systemClock.now();
let cancel: (() => void) | undefined;

function tick(): void {
  now = systemClock.now();
  for (const listener of listeners) listener();
  cancel = listeners.size > 0 ? systemClock.schedule(TICK_MS, tick) : undefined;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (cancel === undefined) cancel = systemClock.schedule(TICK_MS, tick);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    cancel?.();
    cancel = undefined;
  };
}

/** The time to the second, one timer for all of the page; in milliseconds since 1970-01-01 UTC. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** What is said of the time; drawn again only when that becomes something else. */
export function useNowText(textOf: (now: number) => string): string {
  return useSyncExternalStore(subscribe, () => textOf(now));
}
