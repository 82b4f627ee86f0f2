import type { StatementSync } from 'node:sqlite';
import type { ExecutionEvent } from '../execution/execution.ts';
import { type Span, lastPosition, spansAfter } from './event-positions.ts';
import { NOTICES, readNotices } from './notices.ts';

/** Whose an event is. */
export interface EventOwner {
  readonly executionId: string;
  readonly workflow: string;
  readonly projectId: string;
}

/** An event with its place in the order of all executions. */
export interface PlacedEvent {
  /** Counts from 1 in the order of the commits; a reader that has come to one never meets a lower one that is committed later. */
  readonly position: number;
  readonly owner: EventOwner;
  readonly event: ExecutionEvent;
}

/** Positions whose events are gone, both ends included. */
export interface EventGap {
  readonly from: number;
  readonly to: number;
}

/** Which events are read; both are asked, the owner first, before anything of the event is read. */
export interface EventFilter {
  wants(owner: EventOwner): boolean;
  wantsType(type: string): boolean;
}

/** A part of the stream of all executions. */
export interface EventPage {
  /** In the order of their positions. A gap may have been events that the filter does not want: nobody knows any more. */
  readonly entries: readonly (PlacedEvent | EventGap)[];
  /** The cursor behind this page, past what the filter did not want. */
  readonly next: number;
  /** Whether there is nothing behind it yet. */
  readonly isEnd: boolean;
}

/** What the events are read with. */
interface Sources {
  readonly prepare: (sql: string) => StatementSync;
  readonly events: (executionId: string, after: number, limit: number) => ExecutionEvent[];
}

/** Commits that one read looks through, so that a filter which wants nothing does not hold up the process. */
const COMMITS_A_READ = 200;

/** Reads events behind a position, `limit` of them at most and fewer when the filter wants few. */
export function readEventPage({ prepare, events }: Sources, position: number, query: EventFilter & { limit: number }): EventPage {
  const page = new Page(position, query.limit);
  const owners = new Map<number, EventOwner | undefined>();
  const spans = spansAfter(prepare, position, COMMITS_A_READ);
  for (const span of spans) {
    if (page.isFull) break;
    const last = span.position + span.count - 1;
    if (last <= position) continue;
    page.lost(span.position - 1);
    const skip = page.next - (span.position - 1);
    if (span.no === NOTICES) {
      takeNotices(page, prepare, { span, skip, query });
      continue;
    }
    if (!owners.has(span.no)) owners.set(span.no, ownerOf(prepare, span.no));
    const owner = owners.get(span.no);
    if (owner !== undefined && query.wants(owner)) {
      const { seq, position: first } = span;
      for (const event of events(owner.executionId, seq + skip - 1, Math.min(span.count - skip, page.room))) {
        if (event.seq >= seq + span.count) break;
        page.lost(first + event.seq - seq - 1);
        page.take({ position: first + event.seq - seq, owner, event }, query.wantsType(event.type));
      }
      if (page.isFull) break;
      page.lost(last);
    } else if (owner === undefined) page.lost(last);
    else page.pass(last);
  }
  return { entries: page.entries, next: page.next, isEnd: page.next >= lastPosition(prepare) };
}

/** Takes the notices of a span, each of which has a project of its own. */
function takeNotices(
  page: Page,
  prepare: Sources['prepare'],
  { span: { seq, count, position: first }, skip, query }: { span: Span; skip: number; query: EventFilter },
): void {
  const wanted = Math.min(count - skip, page.room);
  for (const { owner, event } of readNotices(prepare, seq + skip, wanted)) {
    const position = first + event.seq - seq;
    page.lost(position - 1);
    if (query.wants(owner)) page.take({ position, owner, event }, query.wantsType(event.type));
    else page.pass(position);
  }
  page.lost(first + skip + wanted - 1);
}

function ownerOf(prepare: Sources['prepare'], no: number): EventOwner | undefined {
  const row = prepare('SELECT id, workflow, project_id FROM executions WHERE no = ?').get(no);
  if (row === undefined) return undefined;
  return { executionId: String(row['id']), workflow: String(row['workflow']), projectId: String(row['project_id']) };
}

/** A page that is being filled. */
class Page {
  readonly entries: (PlacedEvent | EventGap)[] = [];
  next: number;
  readonly #limit: number;
  #read = 0;

  constructor(position: number, limit: number) {
    this.next = position;
    this.#limit = limit;
  }

  /** How many events may still be read. */
  get room(): number {
    return this.#limit - this.#read;
  }

  get isFull(): boolean {
    return this.room <= 0;
  }

  take(placed: PlacedEvent, isWanted: boolean): void {
    this.#read += 1;
    this.next = placed.position;
    if (isWanted) this.entries.push(placed);
  }

  pass(to: number): void {
    this.next = to;
  }

  /** What lies between here and a position is gone. */
  lost(to: number): void {
    if (to <= this.next) return;
    const before = this.entries.at(-1);
    const gap = { from: this.next + 1, to };
    if (before !== undefined && 'to' in before && before.to === this.next)
      this.entries[this.entries.length - 1] = { ...gap, from: before.from };
    else this.entries.push(gap);
    this.next = to;
  }
}
