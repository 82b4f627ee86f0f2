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

/** Lines over a pair of byte streams: standard streams, sockets, memory. */
export class StreamTransport implements Transport {
  readonly #options: StreamTransportOptions;
  #receiver: Receiver | undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #linesInTurn = 0;
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
    const { output, write } = this.#options;
    if (this.#isClosed || !output.writable) return false;
    // The first line of a turn of the loop goes at once, for who waits for it; all others of that turn go together in one write.
    this.#linesInTurn += 1;
    if (this.#linesInTurn === 1) process.nextTick(this.#endTurn);
    else if (this.#linesInTurn === 2) output.cork();
    return write === undefined ? output.write(`${line}\n`) : write(`${line}\n`);
  }

  get waitingBytes(): number {
    return this.#options.output.writableLength;
  }

  drained(): Promise<void> {
    const { output } = this.#options;
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
    this.#options.output.destroy();
    this.#options.input.destroy();
  }

  readonly #endTurn = (): void => {
    if (this.#linesInTurn > 1) this.#options.output.uncork();
    this.#linesInTurn = 0;
  };

  #end(error?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // Who does not speak any more does not listen either.
    void this.close();
    this.#receiver?.end(error);
  }
}
