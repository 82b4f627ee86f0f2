import type { Readable, Writable } from 'node:stream';
import { MODULE_LINE_LIMIT_BYTES } from '@loopwright/protocol';
import { LineSplitter } from './lines.ts';
import type { Receiver, Transport } from './transport.ts';

/** What a {@link StreamTransport} works with. */
export interface StreamTransportOptions {
  readonly input: Readable;
  /** May be the same as the input (a socket). */
  readonly output: Writable;
  /** Writes to the output; its own `write` when left out. */
  readonly write?: (text: string) => boolean;
  /** Bytes of the longest line that is read. @default {@link MODULE_LINE_LIMIT_BYTES} */
  readonly limitBytes?: number;
}

/** Characters after which lines are written before the turn of the loop is over. */
const GATHER_CHARACTERS = 64 * 1024;

/** Lines over a pair of byte streams: standard streams, sockets, memory. */
export class StreamTransport implements Transport {
  readonly #options: StreamTransportOptions;
  #receiver: Receiver | undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Lines of this turn of the loop that are not written yet. */
  #gathered = '';
  #isClosed = false;
  #hasEnded = false;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
    const fail = (error: Error): void => this.#end(error);
    options.input.on('error', fail);
    options.output.on('error', fail);
  }

  start(receiver: Receiver): void {
    const { input, limitBytes = MODULE_LINE_LIMIT_BYTES } = this.#options;
    this.#receiver = receiver;
    if (this.#hasEnded) return receiver.end();
    const splitter = new LineSplitter({
      limitBytes,
      onLine: (line) => receiver.line(line),
      onTooLong: () => receiver.tooLong(),
    });
    input.on('data', (chunk: Buffer | string) => splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    input.on('end', () => this.#end());
    input.on('close', () => this.#end());
    // Who read the beginning of it may have stopped it.
    if (input.isPaused()) input.resume();
    return undefined;
  }

  send(line: string): boolean {
    const { output } = this.#options;
    if (this.#isClosed || !output.writable) return false;
    // All lines of a turn of the loop go together in one write: each costs more than a line itself.
    if (this.#gathered === '') process.nextTick(this.#flush);
    this.#gathered += `${line}\n`;
    if (this.#gathered.length >= GATHER_CHARACTERS) this.#flush();
    return this.waitingBytes < output.writableHighWaterMark;
  }

  get waitingBytes(): number {
    return this.#options.output.writableLength + this.#gathered.length;
  }

  drained(): Promise<void> {
    const { output } = this.#options;
    this.#flush();
    if (this.#isClosed || !output.writableNeedDrain || !output.writable) return Promise.resolve();
    this.#draining ??= new Promise((resolve) => {
      const finish = (): void => {
        output.off('drain', finish);
        output.off('close', finish);
        this.#draining = undefined;
        resolve();
      };
      output.on('drain', finish);
      output.on('close', finish);
    });
    return this.#draining;
  }

  pause(): void {
    this.#options.input.pause();
  }

  resume(): void {
    if (!this.#hasEnded) this.#options.input.resume();
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const { input, output } = this.#options;
      this.#flush();
      this.#isClosed = true;
      output.once('close', resolve);
      output.end(() => {
        input.destroy();
        resolve();
      });
    });
    return this.#closing;
  }

  abort(): void {
    this.#isClosed = true;
    this.#gathered = '';
    this.#options.output.destroy();
    this.#options.input.destroy();
  }

  readonly #flush = (): void => {
    const text = this.#gathered;
    if (text === '') return;
    this.#gathered = '';
    const { output, write } = this.#options;
    if (!output.writable) return;
    if (write === undefined) output.write(text);
    else write(text);
  };

  #end(error?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // Who does not speak any more does not listen either.
    void this.close();
    this.#receiver?.end(error);
  }
}
