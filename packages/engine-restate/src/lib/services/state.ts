import type { Execution, ExecutionEvent, JournalEntry, StoredHumanTask } from '@loopwright/engine';
import type { Json } from '@loopwright/protocol';
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import { type ExecutionRecord, isOpen } from '../record/execution-record.ts';
import { type Head, type Page, eventsSchema, headSchema, pageSchema } from '../record/messages.ts';

// The state of an execution's object: `head`, `input`, `output`, `tasks`, `entry:KEY` or `large:KEY` for each entry that is settled,
// `event:SEQ`.

/** The head, or `undefined` when there is no such execution. */
export async function readHead(context: ObjectSharedContext): Promise<Head | undefined> {
  const head = await context.get('head');
  return head === null ? undefined : headSchema.parse(head);
}

/** The questions of an execution, in the order they were asked. */
export async function readTasks(context: ObjectSharedContext): Promise<StoredHumanTask[]> {
  return (await context.get<StoredHumanTask[]>('tasks')) ?? [];
}

/** What a transition from outside is made on: what is open. */
export function openRecord(head: Head, tasks: readonly StoredHumanTask[]): ExecutionRecord {
  return {
    execution: head.execution,
    entries: new Map(head.open.map((entry) => [entry.key, entry])),
    tasks: new Map(tasks.map((task) => [task.id, task])),
    early: head.early,
    listening: head.listening,
    lastSeq: head.lastSeq,
  };
}

/** How many characters of JSON an entry has that is read together with others. */
const SMALL_CHARACTERS = 64 * 1024;
/** How many of them are read at once. */
const GROUP = 64;
/** How much one part of a record or of the events holds, in characters of JSON; one entry may have more. */
const PAGE_CHARACTERS = 4 * 1024 * 1024;

/** Keys that are read at once: many small entries, or one that is large, since Restate bounds the memory of an invocation (32 MiB). */
function nextGroup(keys: readonly string[], from: number): readonly string[] {
  const large = keys.findIndex((key, index) => index >= from && key.startsWith('large:'));
  if (large === from) return keys.slice(from, from + 1);
  return keys.slice(from, Math.min(from + GROUP, large === -1 ? keys.length : large));
}

/** A part of the record: without `after` the first one. `null` when there is no such execution. */
export async function readPage(context: ObjectSharedContext, after: string | null): Promise<Page | null> {
  const head = await readHead(context);
  if (head === undefined) return null;
  const keys = (await context.stateKeys()).filter((key) => /^(?:entry|large):/.test(key) && key > (after ?? '')).sort();
  const entries: unknown[] = [];
  let characters = 0;
  let read = 0;
  while (read < keys.length && characters <= PAGE_CHARACTERS) {
    const group = nextGroup(keys, read);
    const found = await Promise.all(group.map((key) => context.get<JournalEntry>(key)));
    characters += found.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0);
    entries.push(...found);
    read += group.length;
  }
  const next = read < keys.length ? (keys[read - 1] ?? null) : null;
  const { version, lastSeq, execution, open, early, listening } = head;
  const base = { version, lastSeq, early, listening, next };
  if (after !== null) return pageSchema.parse({ ...base, execution, entries, tasks: [] });
  const whole = { ...execution, input: await context.get<Json>('input'), output: await context.get<Json>('output') };
  return pageSchema.parse({ ...base, execution: whole, entries: [...entries, ...open], tasks: await readTasks(context) });
}

/** The events after a number, as many as a message takes; none when there are no more. */
export async function readEvents(context: ObjectSharedContext, after: number): Promise<ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  for (let seq = after + 1, characters = 0; characters <= PAGE_CHARACTERS; seq += 1) {
    const event = await context.get<ExecutionEvent>(eventKey(seq));
    if (event === null) break;
    characters += JSON.stringify(event).length;
    events.push(event);
  }
  return eventsSchema.parse(events);
}

/** The key of an event; in the order of the texts. */
export function eventKey(seq: number): string {
  return `event:${String(seq).padStart(9, '0')}`;
}

/** Writes entries: settled ones each under its key, the open ones are given back for the head. */
export function writeEntries(
  context: ObjectContext,
  open: readonly JournalEntry[],
  changed: readonly JournalEntry[],
): JournalEntry[] {
  const left = new Map(open.map((entry) => [entry.key, entry]));
  for (const entry of changed) {
    if (isOpen(entry)) left.set(entry.key, entry);
    else {
      left.delete(entry.key);
      const isLarge = JSON.stringify(entry).length > SMALL_CHARACTERS;
      context.set(`${isLarge ? 'large' : 'entry'}:${entry.key}`, entry);
    }
  }
  return [...left.values()];
}

/** An execution without what is large and stands elsewhere. */
export function light(execution: Execution): Execution {
  return { ...execution, input: null, output: null };
}
