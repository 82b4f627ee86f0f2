import type { Clock } from '@loopwright/protocol';
import type { ServiceConnector } from '../services/service-connector.ts';
import { cacheConnection, type CacheSession } from './cache.ts';

/** What a {@link memoryCacheConnector} works with. */
export interface MemoryCacheOptions {
  readonly clock: Clock;
  /** Characters of all values together; beyond it those go that were used longest ago. @default 64 Mi */
  readonly maxCharacters?: number;
}

const MAX_CHARACTERS = 64 * 1024 * 1024;
/** What an entry costs besides its texts: a bound on how many empty ones there can be. */
const ENTRY_CHARACTERS = 100;

/** A cache in the memory of this process, shared by all its connections. */
export function memoryCacheConnector({ clock, maxCharacters = MAX_CHARACTERS }: MemoryCacheOptions): ServiceConnector {
  // In the order of use.
  const entries = new Map<string, { readonly text: string; readonly endsAt: number }>();
  let size = 0;
  const remove = (key: string): boolean => {
    const entry = entries.get(key);
    if (entry !== undefined) size -= sizeOf(key, entry.text);
    return entries.delete(key);
  };
  const get = (key: string): string | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.endsAt <= clock.now()) {
      remove(key);
      return undefined;
    }
    entries.delete(key);
    entries.set(key, entry);
    return entry.text;
  };
  const session: CacheSession = {
    get,
    set: (key, text, endsAt = Infinity) => {
      remove(key);
      entries.set(key, { text, endsAt });
      size += sizeOf(key, text);
      for (const oldest of entries.keys()) {
        if (size <= maxCharacters) break;
        remove(oldest);
      }
    },
    delete: (key) => get(key) !== undefined && remove(key),
    clear: () => {
      entries.clear();
      size = 0;
    },
    close: () => undefined,
  };
  return {
    serviceType: 'Cache',
    connect: async () => cacheConnection(session, () => clock.now()),
    isHealthy: async () => true,
  };
}

function sizeOf(key: string, text: string): number {
  return key.length + text.length + ENTRY_CHARACTERS;
}
