import { type Clock, type GenerationEvent, isoTime } from '@loopwright/protocol';
import type { AgentEvent } from '../agent/agent.ts';
import { SERVICE_LIMITS } from '../limits.ts';

/** What an event says, without its place. */
export type EventText = Omit<AgentEvent, 'event_type'> & { readonly event_type: GenerationEvent['event_type'] };

/**
 * The events of one piece of work. The last ones are kept, so that whoever comes late or lost its stream can go on behind what it has; the number of an
 * event is its place since the begin. An id is `{log}-{number}`: one of another log is older than all events of this one.
 */
export class EventLog {
  readonly #name: string;
  readonly #clock: Clock;
  #events: GenerationEvent[] = [];
  #count = 0;
  #isEnded = false;
  readonly #listeners = new Set<() => void>();

  /** `name` tells this log from others, those of an earlier process too. */
  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  /** Whether nothing will be added any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The newest event. */
  get last(): GenerationEvent | undefined {
    return this.#events.at(-1);
  }

  /** Adds an event. */
  add({ event_type, stage, progress, message, data, error }: EventText): void {
    if (this.#isEnded) return;
    this.#count += 1;
    this.#events.push({
      id: `${this.#name}-${this.#count}`,
      event_type,
      timestamp: isoTime(this.#clock.now()),
      execution_id: null,
      stage: stage?.slice(0, 200) ?? null,
      progress: progress === undefined || Number.isNaN(progress) ? null : Math.max(0, Math.min(1, progress)),
      message: message?.slice(0, SERVICE_LIMITS.eventTextCharacters) ?? null,
      data: data === undefined || JSON.stringify(data).length > SERVICE_LIMITS.eventDataCharacters ? null : data,
      error: error?.slice(0, SERVICE_LIMITS.eventTextCharacters) ?? null,
    });
    // In halves, so that not every event moves all the others.
    if (this.#events.length > 2 * SERVICE_LIMITS.keptEvents) this.#events = this.#events.slice(-SERVICE_LIMITS.keptEvents);
    this.#tell();
  }

  /** Says that this was all. */
  end(): void {
    this.#isEnded = true;
    this.#tell();
  }

  /** The events behind the one with this id; all that are kept when the id is of another log. `missed` counts those that are gone. */
  after(lastEventId: string): { readonly events: readonly GenerationEvent[]; readonly missed: number } {
    const dash = lastEventId.lastIndexOf('-');
    const number = lastEventId.slice(0, dash) === this.#name ? Number(lastEventId.slice(dash + 1)) : 0;
    const behind = Number.isSafeInteger(number) && number >= 0 ? Math.min(number, this.#count) : 0;
    const first = this.#count - this.#events.length;
    return { events: this.#events.slice(Math.max(0, behind - first)), missed: Math.max(0, first - behind) };
  }

  /** Calls `listener` after each event and at the end; the returned function ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
