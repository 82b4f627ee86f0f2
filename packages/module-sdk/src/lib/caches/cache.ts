import { type Json, jsonSchema, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import type { ServiceConnection } from '../services/service-connector.ts';

/** The longest value, in characters of its JSON. */
export const CACHE_VALUE_LIMIT = 256 * 1024;

const key = z.string().min(1).max(512);
const requestSchema = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('get'), key }),
  z.strictObject({
    operation: z.literal('set'),
    key,
    value: jsonSchema,
    ttl_ms: z
      .int()
      .min(1)
      .max(365 * 86_400_000)
      .optional(),
  }),
  z.strictObject({ operation: z.literal('delete'), key }),
  z.strictObject({ operation: z.literal('clear') }),
]);
const foundSchema = z.union([z.null(), z.strictObject({ value: jsonSchema })]);

type Soon<T> = T | Promise<T>;

/** What a connector of a cache has to do; values are JSON texts. */
export interface CacheSession {
  get(key: string): Soon<string | undefined>;
  /** `endsAt` in milliseconds since 1970; without it the value stays until there is no room. */
  set(key: string, value: string, endsAt: number | undefined): Soon<void>;
  /** Whether it was there. */
  delete(key: string): Soon<boolean>;
  clear(): Soon<void>;
  close(): Soon<void>;
}

/** A cache, wherever it is. What was put there may be gone at any time. */
export class Cache implements AsyncDisposable {
  readonly #connection: ServiceConnection;

  /** @param connection To a service of the kind `Cache`; closed with this. */
  constructor(connection: ServiceConnection) {
    this.#connection = connection;
  }

  /** Gives a value; `undefined` when it is not there (any more). */
  async get(name: string): Promise<Json | undefined> {
    return foundSchema.parse(await this.#connection.perform('get', { key: name }))?.value;
  }

  /** Keeps a value, for a time in milliseconds. @throws `LIMIT_EXCEEDED` For a value of more than 256 KiB. */
  async set(name: string, value: Json, { ttlMs }: { readonly ttlMs?: number } = {}): Promise<void> {
    await this.#connection.perform('set', { key: name, value, ...(ttlMs === undefined ? {} : { ttl_ms: ttlMs }) });
  }

  /** Removes a value; tells whether it was there. */
  async delete(name: string): Promise<boolean> {
    return (await this.#connection.perform('delete', { key: name })) === true;
  }

  /** Removes everything. */
  async clear(): Promise<void> {
    await this.#connection.perform('clear', {});
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The connection of a session: what every connector of a cache gives. */
export function cacheConnection(session: CacheSession, now: () => number): ServiceConnection {
  return {
    perform: async (operation, params) => {
      const fields = typeof params === 'object' && params !== null && !Array.isArray(params) ? params : {};
      const { success, data } = requestSchema.safeParse({ ...fields, operation });
      if (!success)
        throw new PlatformError('VALIDATION_ERROR', 'Cannot use the cache: the operation or its parameters are wrong');
      return answer(session, data, now);
    },
    close: async () => session.close(),
  };
}

async function answer(session: CacheSession, request: z.infer<typeof requestSchema>, now: () => number): Promise<Json> {
  switch (request.operation) {
    case 'get': {
      const found = await session.get(request.key);
      return found === undefined ? null : { value: jsonSchema.parse(JSON.parse(found)) };
    }
    case 'set': {
      const text = JSON.stringify(request.value);
      if (text.length > CACHE_VALUE_LIMIT)
        throw new PlatformError('LIMIT_EXCEEDED', `Cannot keep the value: it has more than ${CACHE_VALUE_LIMIT} characters`);
      await session.set(request.key, text, request.ttl_ms === undefined ? undefined : now() + request.ttl_ms);
      return null;
    }
    case 'delete':
      return session.delete(request.key);
    case 'clear':
      await session.clear();
      return null;
  }
}
