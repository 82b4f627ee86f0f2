import { useSyncExternalStore } from 'react';
import { z } from 'zod';

/** What somebody likes on this device. */
const preferencesSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  /** `local`, or a name of the IANA database such as `UTC`. */
  timeZone: z.string().max(100).catch('local'),
  timeStyle: z.enum(['relative', 'absolute']).catch('relative'),
  /** Whether single letters do things; a dictation, for one, sends many of them. */
  letterKeys: z.boolean().catch(true),
  /** Saved views of lists: the name of the list, then name and query of each view. */
  views: z.record(z.string(), z.array(z.object({ name: z.string().max(60), query: z.string().max(4000) })).max(50)).catch({}),
  /** Who a developer wants to be on a server with development identity; empty for the server's own name. Read when a page is loaded. */
  developmentUser: z
    .string()
    .regex(/^(?:[\w.@+-]{1,200})?$/)
    .catch(''),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const KEY = 'loopwright.preferences';
const listeners = new Set<() => void>();
let present = read();

/** The preferences of this device, as they are now. */
export function preferences(): Preferences {
  return present;
}

/** Changes some preferences, here and in the other tabs. */
export function setPreferences(change: Partial<Preferences>): void {
  present = { ...present, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(present));
  } catch {
    // A browser that keeps nothing: they hold until the page is left.
  }
  for (const listener of listeners) listener();
}

/** The preferences, for components. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(onPreferences, preferences);
}

/** Calls `listener` after each change; gives what stops that. */
export function onPreferences(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

window.addEventListener('storage', ({ key }) => {
  if (key !== KEY) return;
  present = read();
  for (const listener of listeners) listener();
});

function read(): Preferences {
  try {
    return preferencesSchema.parse(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    return preferencesSchema.parse({});
  }
}
