import { type Execution, type JournalEntry, type StoreReader, isFinal } from '@loopwright/engine';
import { type Json, type Wait, type WaitList, isoTime } from '@loopwright/protocol';
import { gateOf } from '../runs/profile/profile.ts';
import { humanTaskView } from './execution-view.ts';

/** How many waits are shown, the last ones. */
const WAITS_LIMIT = 1000;
/** How many questions of one execution are looked at for their titles. */
const QUESTIONS_LIMIT = 1000;

/** What of an entry of the journal is a wait. */
const KINDS: Partial<Record<JournalEntry['kind'], Wait['kind']>> = {
  ask: 'person',
  timer: 'timer',
  retry: 'retry',
  listen: 'event',
  child: 'execution',
};
const GATE = gateOf('');

type Reader = Pick<StoreReader, 'journal' | 'events' | 'humanTasks' | 'firstEvent'>;

/** The times that an execution stood still, as they are recorded: its waits for people, timers, events, tries and other executions, and its pauses. */
export function waitsView(read: Reader, execution: Execution): WaitList {
  const tasks = read.humanTasks({ executionId: execution.id, limit: QUESTIONS_LIMIT });
  const titles = new Map(tasks.map((task) => [task.key, humanTaskView(task).title]));
  const waits = [
    ...read.journal(execution.id).flatMap((entry) => waitOf(entry, execution, titles) ?? []),
    ...pausesOf(read, execution),
  ].toSorted((one, other) => one.started_at.localeCompare(other.started_at));
  return {
    execution_id: execution.id,
    waits: waits.slice(-WAITS_LIMIT),
    total: waits.length,
    is_whole: (read.firstEvent(execution.id) ?? 1) === 1,
  };
}

function waitOf(entry: JournalEntry, execution: Execution, titles: ReadonlyMap<string, string>): Wait | undefined {
  const { key, name, state, createdAt, dueAt } = entry;
  const kind = KINDS[entry.kind];
  if (kind === undefined) return undefined;
  const ended = endOf(entry, execution);
  // The gate of a phase listens for the event that somebody advances by.
  const isGate = kind === 'event' && key.startsWith(GATE) && !key.includes('/');
  return {
    key,
    step_id: name,
    kind: isGate ? 'advance' : kind,
    subject: isGate ? key.slice(GATE.length) : (titles.get(key) ?? subjectOf(entry)),
    started_at: isoTime(createdAt),
    ended_at: ended === null ? null : isoTime(ended),
    due_at: ended !== null || dueAt === null ? null : isoTime(dueAt),
    was_in_vain: state === 'cancelled' || (ended !== null && state !== 'done'),
  };
}

/** When it was over. What is open when its execution ends, or is given up because somebody cancels that, ends with it. */
function endOf({ state, recordedAt }: JournalEntry, { status, completedAt }: Execution): number | null {
  if (recordedAt !== null) return recordedAt;
  return status === 'cancelled' || (isFinal(status) && state !== 'cancelled') ? completedAt : null;
}

function subjectOf({ kind, key, value, state }: JournalEntry): string | null {
  if (kind === 'retry') return /@retry-(\d+)$/.exec(key)?.[1] ?? null;
  // What has ended holds what came of it in its place.
  if (state !== 'waiting') return null;
  if (kind === 'listen') return typesIn(value);
  return kind === 'child' ? textOf(value, 'execution_id') : null;
}

/** The types that are listened for; null for any. */
function typesIn(value: Json): string | null {
  const types = listIn(value, 'filters').flatMap((filter) => textOf(objectOf(filter)['with'] ?? null, 'type') ?? []);
  return types.length === 0 ? null : [...new Set(types)].join(', ');
}

/** When an execution was paused, until it was resumed. */
function pausesOf(read: Reader, { id, status, completedAt }: Execution): Wait[] {
  const pauses: Wait[] = [];
  for (const { type, seq, at, data } of read.events(id, 0, Infinity)) {
    const last = pauses.at(-1);
    if (type === 'paused')
      pauses.push({
        key: `pause-${seq}`,
        step_id: null,
        kind: 'pause',
        subject: typeof data['paused_by'] === 'string' ? data['paused_by'] : null,
        started_at: isoTime(at),
        ended_at: null,
        due_at: null,
        was_in_vain: false,
      });
    else if (type === 'resumed' && last?.ended_at === null) pauses[pauses.length - 1] = { ...last, ended_at: isoTime(at) };
  }
  const open = pauses.at(-1);
  if (open?.ended_at === null && isFinal(status) && completedAt !== null)
    pauses[pauses.length - 1] = { ...open, ended_at: isoTime(completedAt), was_in_vain: true };
  return pauses;
}

function objectOf(value: Json | undefined): { readonly [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

function listIn(value: Json, name: string): readonly Json[] {
  const list = objectOf(value)[name];
  return Array.isArray(list) ? list : [];
}

function textOf(value: Json, name: string): string | null {
  const text = objectOf(value)[name];
  return typeof text === 'string' ? text : null;
}
