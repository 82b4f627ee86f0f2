import type { Execution, JournalEntry, StoredHumanTask } from '@loopwright/engine';
import type { Json } from '@loopwright/protocol';
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import { type ExecutionRecord, isOpen } from '../record/execution-record.ts';
import { type Head, type Snapshot, headSchema, snapshotSchema } from '../record/messages.ts';

// The state of an execution's object: `head`, `input`, `output`, `tasks`, `entry:KEY` for each entry that is settled, `event:SEQ`.

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

/** The whole execution. With `events` also what it told. */
export async function readSnapshot(context: ObjectSharedContext, withEvents: boolean): Promise<Snapshot | null> {
  const head = await readHead(context);
  if (head === undefined) return null;
  const keys = await context.stateKeys();
  const values = async (prefix: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (const key of keys.filter((one) => one.startsWith(prefix)).sort()) found.push(await context.get(key));
    return found;
  };
  const input = await context.get<Json>('input');
  const output = await context.get<Json>('output');
  return snapshotSchema.parse({
    version: head.version,
    lastSeq: head.lastSeq,
    execution: { ...head.execution, input, output },
    entries: [...(await values('entry:')), ...head.open],
    tasks: await readTasks(context),
    early: head.early,
    listening: head.listening,
    events: withEvents ? await values('event:') : [],
  });
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
      context.set(`entry:${entry.key}`, entry);
    }
  }
  return [...left.values()];
}

/** An execution without what is large and stands elsewhere. */
export function light(execution: Execution): Execution {
  return { ...execution, input: null, output: null };
}
