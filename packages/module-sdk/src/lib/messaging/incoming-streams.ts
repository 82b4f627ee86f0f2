// I1. Pieces are given to the reader once and in their order, however often and in whatever order they come. I2. A piece is acknowledged when the reader has
// taken it; the last one when the handler has finished. I3. At most a window of pieces a stream is kept. I4. Of a piece that is not what was sent nothing is kept.
import { type Clock, type Json, PlatformError } from '@loopwright/protocol';
import { checksumOf, type Chunk, STREAM_WINDOW } from './outgoing-stream.ts';

/** Reads a stream of another module. Leaving it before its end refuses the rest. */
export type StreamHandler = (bytes: AsyncIterable<Uint8Array>, from: { readonly source: string }) => void | Promise<void>;

interface Held {
  readonly chunk: Chunk;
  readonly acknowledge: () => void;
}

const STREAMS_LIMIT = 100;
/** Streams that have ended and are known still, for what comes twice. */
const ENDED_LIMIT = 100;
/** Longer than a sender tries to send one piece. */
const IDLE_MS = 150_000;

/** The streams that come to a module. */
export class IncomingStreams {
  readonly #clock: Clock;
  readonly #handlers = new Map<string, StreamHandler>();
  readonly #streams = new Map<string, IncomingStream>();
  /** Keys of those that have ended, the oldest first. */
  readonly #ended = new Set<string>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  handle(endpoint: string, handler: StreamHandler): void {
    if (this.#handlers.has(endpoint)) throw new RangeError(`Cannot take the streams "${endpoint}": they are taken already`);
    this.#handlers.set(endpoint, handler);
  }

  /** Takes a piece; resolves when it is to be acknowledged. @throws `MODULE_NOT_FOUND`, `OVERLOADED`, what the handler throws. */
  take(chunk: Chunk & { readonly endpoint: string }, source: string): Promise<Json> {
    if (chunk.checksum !== undefined && chunk.checksum !== checksumOf(Buffer.from(chunk.data, 'base64')))
      throw new PlatformError('MODULE_PROTOCOL_ERROR', 'Cannot take a piece of the stream: it does not fit its checksum');
    const key = JSON.stringify([source, chunk.stream_id]);
    const known = this.#streams.get(key);
    if (known !== undefined) return known.take(chunk);
    const handler = this.#handlers.get(chunk.endpoint);
    if (handler === undefined)
      throw new PlatformError('MODULE_NOT_FOUND', `Cannot take the stream "${chunk.endpoint}": this module has no such endpoint`);
    if (this.#streams.size - this.#ended.size >= STREAMS_LIMIT)
      throw new PlatformError('OVERLOADED', `Cannot take the stream: ${STREAMS_LIMIT} are under way`);
    const stream = new IncomingStream(this.#clock, {
      run: (bytes) => handler(bytes, { source }),
      ended: () => this.#keepEnded(key),
    });
    this.#streams.set(key, stream);
    return stream.take(chunk);
  }

  #keepEnded(key: string): void {
    this.#ended.add(key);
    const [oldest = key] = this.#ended;
    if (this.#ended.size <= ENDED_LIMIT) return;
    this.#ended.delete(oldest);
    this.#streams.delete(oldest);
  }

  /** Ends all with an error. */
  end(error: Error): void {
    for (const stream of this.#streams.values()) stream.fail(error);
  }
}

class IncomingStream {
  readonly #clock: Clock;
  readonly #held = new Map<number, Held>();
  readonly #taken = new Map<number, Promise<Json>>();
  readonly #finished: Promise<void>;
  #next = 0;
  #wake: () => void = () => undefined;
  #failure: Error | undefined;
  #isOver = false;

  constructor(
    clock: Clock,
    { run, ended }: { run: (bytes: AsyncIterable<Uint8Array>) => void | Promise<void>; ended: () => void },
  ) {
    this.#clock = clock;
    this.#finished = (async () => run(this.#read()))().finally(() => {
      this.#isOver = true;
      this.#held.clear();
      ended();
    });
    this.#finished.catch(() => undefined);
  }

  take(chunk: Chunk): Promise<Json> {
    const { sequence } = chunk;
    const known = this.#taken.get(sequence);
    if (known !== undefined) return known;
    if (sequence < this.#next) return Promise.resolve({ sequence });
    if (sequence >= this.#next + STREAM_WINDOW)
      return Promise.reject(new PlatformError('OVERLOADED', 'Cannot take a piece of the stream: the window is full'));
    const read = new Promise<void>((acknowledge) => {
      if (!this.#isOver) this.#held.set(sequence, { chunk, acknowledge });
    });
    const over = this.#whenOver(sequence);
    const taken = (chunk.last ? over : Promise.race([read, over])).then((): Json => ({ sequence }));
    this.#taken.set(sequence, taken);
    // The last ones are kept for repetitions; earlier ones are known by their number.
    this.#taken.delete(sequence - 2 * STREAM_WINDOW);
    this.#wake();
    return taken;
  }

  /** Rejects when the reader has left before it took a piece. */
  async #whenOver(sequence: number): Promise<void> {
    await this.#finished;
    if (sequence >= this.#next)
      throw new PlatformError('INVALID_STATE', 'Cannot take a piece of the stream: its reader has left');
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const held = this.#held.get(this.#next);
      if (held === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#waitForMore();
        continue;
      }
      this.#held.delete(this.#next);
      this.#next += 1;
      const bytes = Buffer.from(held.chunk.data, 'base64');
      held.acknowledge();
      if (bytes.length > 0) yield bytes;
      if (held.chunk.last) return;
    }
  }

  #waitForMore(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(IDLE_MS, () => {
        this.fail(new PlatformError('MODULE_TIMEOUT', `Cannot read the stream: nothing came for ${IDLE_MS} ms`));
      });
      this.#wake = () => {
        cancel();
        this.#wake = () => undefined;
        resolve();
      };
    });
  }
}
