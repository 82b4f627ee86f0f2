// N1. No operation takes longer than its time, whatever the server does; a connection on which one failed is never used again, because an answer that comes late
// would be taken for that of the next one.
import { type Clock, PlatformError } from '@loopwright/protocol';
import { createClient, ErrorReply } from 'redis';
import { withDeadline } from '../secrets/deadline.ts';

/** How a Redis server is reached. */
export interface RedisConnectionOptions {
  /** `redis://host[:port][/database]` or `rediss://…`; may have a user and a password in it, which no error shows. */
  readonly url: string;
  readonly clock: Clock;
  /** Time for an operation, with the connection where there is none, in milliseconds. */
  readonly timeoutMs: number;
}

type RedisClient = ReturnType<typeof openClient>;

/** A connection to Redis that is made anew by the first operation after a failure. */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #open: { readonly client: RedisClient; readonly ready: Promise<unknown> } | undefined;

  /** @throws `INVALID_CONFIGURATION` */
  constructor(options: RedisConnectionOptions) {
    const { protocol, hostname } = URL.parse(options.url) ?? { protocol: '', hostname: '' };
    if ((protocol !== 'redis:' && protocol !== 'rediss:') || hostname === '')
      throw new PlatformError(
        'INVALID_CONFIGURATION',
        'Cannot use the URL of Redis: it is not redis://host[:port][/database] or rediss://…',
      );
    this.#options = options;
  }

  /** Carries out one operation. @throws `SERVICE_UNAVAILABLE` When the server is away, late, or refuses it. */
  async use<T>(operation: (client: RedisClient) => Promise<T>): Promise<T> {
    const { clock, timeoutMs: ms } = this.#options;
    const open = (this.#open ??= connected(this.#options));
    try {
      const expired = (): Error => new Error(`no answer within ${ms} ms`);
      return await withDeadline(
        open.ready.then(() => operation(open.client)),
        { clock, ms, expired },
      );
    } catch (cause) {
      const isRefusal = cause instanceof ErrorReply && open.client.isReady;
      // A server that refuses one command, for want of memory or of a right, can still answer the next one.
      if (!isRefusal) this.#giveUp(open);
      throw new PlatformError(
        'SERVICE_UNAVAILABLE',
        isRefusal ? 'Cannot use the cache: its server refused' : 'Cannot use the cache: its server does not answer',
        { cause },
      );
    }
  }

  /** Ends it; the next operation would open it again. */
  close(): void {
    if (this.#open !== undefined) this.#giveUp(this.#open);
  }

  #giveUp(open: { readonly client: RedisClient }): void {
    if (this.#open === open) this.#open = undefined;
    if (open.client.isOpen) open.client.destroy();
  }
}

function connected({ url, timeoutMs }: RedisConnectionOptions): { client: RedisClient; ready: Promise<unknown> } {
  const client = openClient(url, timeoutMs);
  // Who waits for an operation learns of it; the event as such must have a listener.
  client.on('error', () => undefined);
  const ready = client.connect();
  ready.catch(() => undefined);
  return { client, ready };
}

// What it returns is the client with its commands, a type that only inference can write; no package sees it.
function openClient(url: string, connectTimeout: number) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    commandsQueueMaxLength: 1000,
    socket: { connectTimeout, reconnectStrategy: false },
  });
}
