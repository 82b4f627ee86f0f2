import { type Engine, type EventFilter, isFinal, noticeOwner } from '@loopwright/engine';
import { eventMessage, globalEventMessage } from './event-json.ts';
import { StreamMessage } from './stream-message.ts';

/** What was read from the store behind a cursor. */
interface SourcePage {
  readonly messages: readonly StreamMessage[];
  /** The cursor behind it, past what the filter did not want. */
  readonly next: number;
  /** Whether there is nothing behind it yet. */
  readonly isEnd: boolean;
}

/** Where a stream comes from: the store for what was, the engine for what is new. */
export interface EventSource {
  /** Reads the next messages behind a cursor, gaps included. */
  read(cursor: number, filter: EventFilter, limit: number): SourcePage;
  /** Calls `push` with the events of each commit, in order; the result ends it. */
  subscribe(push: (messages: readonly StreamMessage[]) => void): () => void;
  /** Whether nothing new can come. */
  isOver(): boolean;
  /** The newest cursor there is. */
  last(): number;
}

/** The stream of one execution; its cursor is `seq`. */
export function executionSource(engine: StreamEngine, executionId: string): EventSource {
  const { read } = engine;
  const owner = read.eventOwner(executionId) ?? { executionId, workflow: '', projectId: '' };
  return {
    read: (cursor, filter, limit) => {
      const events = read.events(executionId, cursor, limit);
      const messages: StreamMessage[] = [];
      let next = cursor;
      for (const event of events) {
        if (event.seq > next + 1) messages.push(executionGap(executionId, next + 1, event.seq - 1));
        next = event.seq;
        if (filter.wantsType(event.type)) messages.push(StreamMessage.event(eventMessage(event), { cursor: event.seq, owner }));
      }
      return { messages, next, isEnd: events.length < limit };
    },
    subscribe: (push) =>
      engine.subscribe(executionId, (event) => push([StreamMessage.event(eventMessage(event), { cursor: event.seq, owner })])),
    isOver: () => {
      const status = read.status(executionId);
      return status === undefined || isFinal(status);
    },
    last: () => read.count('events', executionId),
  };
}

function executionGap(executionId: string, from: number, to: number): StreamMessage {
  return StreamMessage.control({ event_type: 'gap', execution_id: executionId, from_seq: from, to_seq: to }, to);
}

/** What sources need of the engine. */
export interface StreamEngine extends Pick<Engine, 'read' | 'subscribe' | 'subscribeAll'> {}

/**
 * The stream of all executions; its cursor is the position. What is committed but not acknowledged yet (it may wait for the disk) is not shown, so
 * that nobody has the cursor of an event which a loss of power takes back.
 */
export function globalSource(engine: StreamEngine): EventSource {
  const { read } = engine;
  let head = read.lastPosition();
  engine.subscribeAll((events, position) => {
    head = position + events.length - 1;
  });
  return {
    read: (cursor, filter, limit) => {
      const page = read.eventsAfter(cursor, filter, limit);
      const messages: StreamMessage[] = [];
      for (const entry of page.entries) {
        if ('to' in entry) messages.push(globalGap(entry.from, entry.to));
        else if (entry.position <= head)
          messages.push(
            StreamMessage.event(globalEventMessage(entry.event, entry.owner, entry.position), {
              cursor: entry.position,
              owner: entry.owner,
            }),
          );
      }
      return { messages, next: Math.min(page.next, Math.max(head, cursor)), isEnd: page.isEnd || page.next >= head };
    },
    subscribe: (push) =>
      engine.subscribeAll((events, position) =>
        push(
          events.map((event, index) => {
            const owner = noticeOwner(event) ??
              read.eventOwner(event.executionId) ?? { executionId: event.executionId, workflow: '', projectId: '' };
            return StreamMessage.event(globalEventMessage(event, owner, position + index), { cursor: position + index, owner });
          }),
        ),
      ),
    isOver: () => false,
    last: () => head,
  };
}

function globalGap(from: number, to: number): StreamMessage {
  return StreamMessage.control({ event_type: 'gap', from_position: from, to_position: to }, to);
}
