import type { EventOwner } from '@loopwright/engine';
import type { ExecutionEventMessage, GlobalEventMessage, StreamControlMessage } from '@loopwright/protocol';
import { type EventFormat, cloudEventOf } from './event-json.ts';

/** How a message travels. */
export type Transport = 'websocket' | 'sse';

/**
 * One message of a stream. Its bytes are made once for each transport and format, however many readers there are; a control message (a gap, the
 * end) has the name of its type in `event:`, so that `onmessage` of an EventSource gets events only.
 */
export class StreamMessage {
  /** The cursor of whoever has it; `null` for one that moves none. */
  readonly cursor: number | null;
  /** Whose event it is; `null` for a control message, which everybody gets. */
  readonly owner: EventOwner | null;
  readonly type: string;
  readonly #value: ExecutionEventMessage | GlobalEventMessage | StreamControlMessage;
  readonly #frames = new Map<string, Buffer>();

  private constructor(of: { cursor: number | null; owner: EventOwner | null }, value: StreamMessage['value']) {
    this.cursor = of.cursor;
    this.owner = of.owner;
    this.type = value.event_type;
    this.#value = value;
  }

  static event(value: ExecutionEventMessage | GlobalEventMessage, of: { cursor: number; owner: EventOwner }): StreamMessage {
    return new StreamMessage(of, value);
  }

  static control(value: StreamControlMessage, cursor: number | null = null): StreamMessage {
    return new StreamMessage({ cursor, owner: null }, value);
  }

  get value(): ExecutionEventMessage | GlobalEventMessage | StreamControlMessage {
    return this.#value;
  }

  /** The bytes that go out. JSON has no line break outside its strings and escapes those within, so it is one line of SSE. */
  frame(transport: Transport, format: EventFormat): Buffer {
    const key = `${transport} ${format}`;
    const made = this.#frames.get(key);
    if (made !== undefined) return made;
    const text = this.#text(format);
    const frame = Buffer.from(transport === 'websocket' ? text : `${this.#fields()}data: ${text}\n\n`);
    this.#frames.set(key, frame);
    return frame;
  }

  #text(format: EventFormat): string {
    const value = this.#value;
    return JSON.stringify('seq' in value && format === 'cloudevents' ? cloudEventOf(value) : value);
  }

  #fields(): string {
    const id = this.cursor === null ? '' : `id: ${this.cursor}\n`;
    return this.owner === null ? `event: ${this.type}\n${id}` : id;
  }
}
