import {
  type Clock,
  type ExecutionEventMessage,
  type GlobalEventMessage,
  PlatformError,
  executionEventSchema,
  globalEventSchema,
  streamControlSchema,
  systemClock,
} from '@loopwright/protocol';
import { z } from 'zod';
import { type Caller, openStream } from './request.ts';
import { type ServerSentEvent, readServerSentEvents } from './server-sent-events.ts';

/** How a stream is read. */
export interface StreamOptions {
  /** The cursor to go on behind: the `seq` of an event of one execution, the `position` of one of all. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /** Only these types; one that ends with `*` stands for all that begin so. */
  readonly eventTypes?: readonly string[];
  /** How long the server may be away before the reader gives up, in milliseconds; 60 s when left out, 0 for not at all. */
  readonly patienceMs?: number;
  /** Told of events that are gone, instead of an error. */
  readonly onGap?: (gap: EventGap) => void;
}

/** Cursors whose events are gone, both ends included. */
export interface EventGap {
  readonly from: number;
  readonly to: number;
}

const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2000;
/** The server shows every 20 s that it lives; after this time without anything the connection counts as lost. */
const SILENCE_MS = 65_000;

const messageSchema = z.union([globalEventSchema, executionEventSchema, streamControlSchema]);
type Message = z.infer<typeof messageSchema>;

/** What is read, and with what. */
export interface StreamSource {
  readonly caller: Caller;
  /** Path with its query, without `after`. */
  readonly path: string;
  readonly clock?: Clock;
}

/**
 * Reads events in order, each once, until there are no more or the signal aborts. A connection that is lost, or a server that goes and comes
 * back, is bridged: it goes on behind the last event. Throws what keeps it from beginning, what the server refuses with, SERVICE_UNAVAILABLE when it is away for too long, and
 * LIMIT_EXCEEDED for a gap unless `onGap` takes it.
 */
export async function* readEvents(
  { caller, path, clock = systemClock }: StreamSource,
  options: StreamOptions,
): AsyncGenerator<ExecutionEventMessage | GlobalEventMessage> {
  const { signal, patienceMs = PATIENCE_MS } = options;
  let cursor = options.after ?? 0;
  let lostAt: number | undefined;
  let wasConnected = false;
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    if (signal?.aborted) return;
    try {
      for await (const { id, data } of connection({ caller, path, clock }, cursor, signal)) {
        wasConnected = true;
        lostAt = undefined;
        waitMs = FIRST_WAIT_MS;
        const message = data === '' ? undefined : messageSchema.parse(JSON.parse(data));
        if (message !== undefined) {
          if (message.event_type === 'end') return;
          takeGap(message, options);
          // Before it is given out: whoever takes it and breaks off has it.
          if ('seq' in message) {
            cursor = cursorOf(message);
            yield message;
          }
        }
        cursor = id ?? cursor;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!wasConnected || !isLost(error)) throw error;
      lostAt ??= clock.now();
      if (clock.now() - lostAt + waitMs > patienceMs) throw error;
    }
    await pause(clock, waitMs, signal);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

function cursorOf(message: ExecutionEventMessage | GlobalEventMessage): number {
  return 'position' in message ? message.position : message.seq;
}

function takeGap(message: Message, { onGap }: StreamOptions): void {
  let gap: EventGap | undefined;
  if ('from_seq' in message) gap = { from: message.from_seq, to: message.to_seq };
  if ('from_position' in message) gap = { from: message.from_position, to: message.to_position };
  if (gap === undefined) return;
  if (onGap === undefined)
    throw new PlatformError('LIMIT_EXCEEDED', `Cannot read the events ${gap.from} to ${gap.to}: their history is gone`, {
      details: { limit: 'history', from: gap.from, to: gap.to },
    });
  onGap(gap);
}

/** One connection, from the cursor to its end; ends by itself with the server's leave. */
async function* connection(
  { caller, path, clock }: Required<StreamSource>,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSentEvent> {
  const silence = new AbortController();
  let cancel = (): void => undefined;
  const heard = (): void => {
    cancel();
    cancel = clock.schedule(SILENCE_MS, () =>
      silence.abort(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot read on: the server is silent')),
    );
  };
  heard();
  try {
    const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    const body = await openStream(caller, `${path}${path.includes('?') ? '&' : '?'}after=${after}`, { signal: either });
    yield* readServerSentEvents(body, heard);
  } finally {
    cancel();
  }
}

/** Whether the same request can succeed later. What breaks in the middle of a body is no error of ours. */
function isLost(error: unknown): boolean {
  if (error instanceof z.ZodError || error instanceof SyntaxError) return false;
  return error instanceof PlatformError ? error.retryable : true;
}

function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(ms, done);
    signal?.addEventListener('abort', done);
  });
}
