import { type Clock, messageOf, PlatformError } from '@loopwright/protocol';
import { createClient, ErrorReply } from 'redis';

/** How the server is reached. */
interface RedisAddress {
  readonly url: string;
  readonly password: string | undefined;
  readonly timeoutMs: number;
  readonly pauseMs: number;
  readonly clock: Clock;
}

/** A client of the `redis` package as it is opened here. */
export type RedisClient = ReturnType<typeof openClient>;

/**
 * One connection to a Redis server that may be down, slow or something else. An operation that fails or is late gives the connection
 * up: what the server says to it later is lost, and nothing queues up behind it. After a pause the next operation connects anew.
 */
export class RedisConnection {
  readonly #address: RedisAddress;
  #client: RedisClient | undefined;
  #ready: Promise<unknown> | undefined;
  #pausedUntil = 0;
  #lastFailure: unknown;
  #closed = false;

  constructor(address: RedisAddress) {
    checkUrl(address.url);
    this.#address = address;
  }

  /** Runs an operation on the open connection. */
  async use<T>(operation: (redis: RedisClient) => Promise<T>): Promise<T> {
    const { clock, pauseMs, timeoutMs } = this.#address;
    if (this.#closed) throw new Error('Cannot ask Redis: the cache was closed');
    if (clock.now() < this.#pausedUntil)
      throw new Error(`Cannot ask Redis yet: ${messageOf(this.#lastFailure)}`, { cause: this.#lastFailure });
    const { client, ready } = this.#open();
    let stopTimer = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      stopTimer = clock.schedule(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    });
    try {
      return await Promise.race([ready.then(() => operation(client)), late]);
    } catch (cause) {
      // A server that refuses one command, for want of memory or of a right, can still answer the next one.
      if (!(cause instanceof ErrorReply)) {
        this.#giveUp(client);
        this.#lastFailure = cause;
        this.#pausedUntil = clock.now() + pauseMs;
      }
      throw new Error(`Cannot ask Redis: ${messageOf(cause) || String(cause)}`, { cause });
    } finally {
      stopTimer();
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#client !== undefined) this.#giveUp(this.#client);
  }

  #open(): { client: RedisClient; ready: Promise<unknown> } {
    if (this.#client?.isOpen === true && this.#ready !== undefined) return { client: this.#client, ready: this.#ready };
    const client = openClient(this.#address);
    // Errors reach whoever waits for the operation; the event as such must have a listener.
    client.on('error', () => undefined);
    this.#client = client;
    this.#ready = client.connect();
    return { client, ready: this.#ready };
  }

  #giveUp(client: RedisClient): void {
    if (this.#client === client) {
      this.#client = undefined;
      this.#ready?.catch(() => undefined);
      this.#ready = undefined;
    }
    if (client.isOpen) client.destroy();
  }
}

// What it returns is the client with its commands, a type that only inference can write; no package sees it.
function openClient({ url, password, timeoutMs }: RedisAddress) {
  return createClient({
    url,
    ...(password === undefined || (URL.parse(url)?.password ?? '') !== '' ? {} : { password }),
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    commandsQueueMaxLength: 1000,
    socket: { connectTimeout: timeoutMs, reconnectStrategy: false },
  });
}

/** The URL may have a password in it: no message shows it. */
function checkUrl(address: string): void {
  const url = URL.parse(address);
  if (url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '') return;
  throw new PlatformError(
    'INVALID_CONFIGURATION',
    'Cannot use the URL of Redis: it is not redis://host[:port][/database] or rediss://…',
  );
}
