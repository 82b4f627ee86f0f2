import type { Duplex } from 'node:stream';
import { type Clock, type FrameMessage, frameMessageSchema, MODULE_LINE_LIMIT_BYTES } from '@loopwright/protocol';
import type { Receiver, Transport } from '../transport/transport.ts';
import { decodeFrame, encodeFrame, type FrameFormat, lineOfValue } from './frame.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { type BatchConfig, MessageBatch } from './message-batch.ts';

/** What a {@link FramedTransport} works with. */
export interface FramedTransportOptions {
  readonly socket: Duplex;
  readonly clock: Clock;
  /** How this side writes; it reads both. */
  readonly format: FrameFormat;
  /** Names of this side and of the other one, for the envelopes. */
  readonly source: string;
  readonly destination: string;
  /** When frames that wait for company are written. @default with the end of the turn of the loop */
  readonly batch?: BatchConfig;
  /** Bytes of the longest message that is read. @default {@link MODULE_LINE_LIMIT_BYTES} */
  readonly limitBytes?: number;
  /** Looks at a message before it is given on as a line; `true`: it was for who looked. */
  readonly intercept?: (content: Readonly<Record<string, unknown>>) => boolean;
}

/** What an envelope may add to a message. */
const ENVELOPE_BYTES = 4096;
const AT_ONCE: BatchConfig = { maxWaitMs: 0 };

/** Lines as messages in frames: a length, a byte for JSON or MessagePack, an envelope around each. What is no envelope is given on as a line that nobody understands. */
export class FramedTransport implements Transport {
  readonly #options: FramedTransportOptions;
  readonly #batch: MessageBatch;
  #receiver: Receiver | undefined;
  #closing: Promise<void> | undefined;
  #sent = 0;
  #isClosed = false;
  #hasEnded = false;

  constructor(options: FramedTransportOptions) {
    const { socket, clock, batch = AT_ONCE } = options;
    this.#options = options;
    this.#batch = new MessageBatch(batch, {
      clock,
      onBatch: (frames) => (socket.writable ? socket.write(Buffer.concat(frames)) : undefined),
    });
    socket.on('error', (error: Error) => this.#end(error));
  }

  start(receiver: Receiver): void {
    const { socket, limitBytes = MODULE_LINE_LIMIT_BYTES } = this.#options;
    this.#receiver = receiver;
    if (this.#hasEnded) return receiver.end();
    const splitter = new FrameSplitter({
      limitBytes: limitBytes + ENVELOPE_BYTES,
      onFrame: (format, data) => this.#take(format, data, receiver),
      onTooLong: () => receiver.tooLong(),
    });
    socket.on('data', (chunk: Buffer) => splitter.push(chunk));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    if (socket.isPaused()) socket.resume();
    return undefined;
  }

  send(line: string): boolean {
    const { socket, clock, format, source, destination } = this.#options;
    if (this.#isClosed || !socket.writable) return false;
    this.#sent += 1;
    const id = String(this.#sent);
    const message: FrameMessage = {
      id,
      content: contentOf(line),
      metadata: { id, timestamp: clock.now(), source, destination, properties: {} },
    };
    this.#batch.add(encodeFrame(message, format));
    return this.waitingBytes < socket.writableHighWaterMark;
  }

  get waitingBytes(): number {
    return this.#options.socket.writableLength + this.#batch.bytes;
  }

  drained(): Promise<void> {
    const { socket } = this.#options;
    this.#batch.flush();
    if (this.#isClosed || !socket.writableNeedDrain || !socket.writable) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        socket.off('drain', finish);
        socket.off('close', finish);
        resolve();
      };
      socket.on('drain', finish);
      socket.on('close', finish);
    });
  }

  pause(): void {
    this.#options.socket.pause();
  }

  resume(): void {
    if (!this.#hasEnded) this.#options.socket.resume();
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const { socket } = this.#options;
      this.#batch.flush();
      this.#isClosed = true;
      socket.once('close', resolve);
      socket.end(() => {
        socket.destroy();
        resolve();
      });
    });
    return this.#closing;
  }

  abort(): void {
    this.#isClosed = true;
    this.#batch.clear();
    this.#options.socket.destroy();
  }

  #take(formatByte: number, data: Buffer, receiver: Receiver): void {
    const { limitBytes = MODULE_LINE_LIMIT_BYTES, intercept } = this.#options;
    const message = frameMessageSchema.safeParse(decodeFrame(formatByte, data)?.value).data;
    if (message === undefined) return receiver.line('a frame that is no message');
    const { content } = message;
    if (typeof content !== 'string' && intercept?.(content) === true) return undefined;
    const line = lineOf(content);
    if (Buffer.byteLength(line) > limitBytes) return receiver.tooLong();
    return receiver.line(line);
  }

  #end(error?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    void this.close();
    this.#receiver?.end(error);
  }
}

/** An object for a line that is one, otherwise the line. */
function contentOf(line: string): FrameMessage['content'] {
  if (!line.startsWith('{')) return line;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
}

function lineOf(content: string | Readonly<Record<string, unknown>>): string {
  if (typeof content === 'string') return content;
  try {
    return lineOfValue(content);
  } catch {
    return 'a frame that is no message';
  }
}
