import { type Clock, type GenerationEvent, generationEventSchema } from '@loopwright/protocol';
import type { FetchLikeResponse } from '../request/transport.ts';
import { wait } from '../request/wait.ts';
import { EVENT_COUNT_LIMIT, STREAM_ATTEMPT_LIMIT, STREAM_DELAY_LIMIT_MS, STREAM_DELAY_MINIMUM_MS } from './limits.ts';
import { serverSentEvents } from './server-sent-events.ts';

/** What following an execution needs. */
interface Following {
  /** Asks for the stream of events after the one named. */
  readonly open: (lastEventId: string) => Promise<FetchLikeResponse>;
  readonly emit: (event: GenerationEvent) => void;
  readonly clock: Clock;
  /** Wait before the stream is asked for again; it doubles with each time in vain. */
  readonly delayMs: number;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** How an execution begins and ends is known from its own request, and said once. */
const SAID_BY_THE_CLIENT: ReadonlySet<string> = new Set([
  'connected',
  'disconnected',
  'execution_started',
  'execution_completed',
  'execution_failed',
]);

/**
 * Passes on the events that a service tells of an execution while it runs. A stream that breaks off is taken up where it was; a service
 * that has none, or does not know the execution, is asked a few times. Never rejects: progress is not what the caller waits for.
 */
export async function followEvents(following: Following): Promise<void> {
  const state: FollowState = { lastEventId: '', told: 0, failures: 0 };
  while (!following.signal.aborted && state.failures < STREAM_ATTEMPT_LIMIT && state.told < EVENT_COUNT_LIMIT) {
    state.failures += 1;
    try {
      await readStream(following, state);
      const delayMs = following.delayMs * 2 ** Math.max(0, state.failures - 1);
      const bounded = Math.max(STREAM_DELAY_MINIMUM_MS, Math.min(delayMs, STREAM_DELAY_LIMIT_MS));
      await wait(following.clock, bounded, following.signal);
    } catch {
      return;
    }
  }
}

interface FollowState {
  lastEventId: string;
  told: number;
  failures: number;
}

/** Reads one stream to its end. Rejects only when there is no sense in a further one. */
async function readStream({ open, emit, signal }: Following, state: FollowState): Promise<void> {
  const response = await open(state.lastEventId).catch(() => undefined);
  signal.throwIfAborted();
  if (response === undefined) return;
  const isStream = response.status === 200 && (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
  if (!isStream || response.body === null) {
    await response.body?.[Symbol.asyncIterator]().return?.();
    if (response.status < 500 && response.status !== 404) throw new Error('Cannot follow the execution: there is no stream');
    return;
  }
  try {
    for await (const { id, data } of serverSentEvents(response.body)) {
      if (signal.aborted || state.told >= EVENT_COUNT_LIMIT) return;
      state.lastEventId = id;
      state.failures = 0;
      const event = readEvent(data);
      if (event === undefined || SAID_BY_THE_CLIENT.has(event.event_type)) continue;
      state.told += 1;
      emit(event);
    }
  } catch {
    // Broken off, or an event too long: the next stream begins after the last event that was read.
  }
}

function readEvent(data: string): GenerationEvent | undefined {
  try {
    return generationEventSchema.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}
