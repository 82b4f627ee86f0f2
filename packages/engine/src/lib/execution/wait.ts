import { type Json, type JsonObject, isoTime } from '@loopwright/protocol';
import { listenedTypes } from '../event/listener.ts';
import type { Listener } from '../event/listener.ts';
import { childOf } from './child-entry.ts';
import type { JournalEntry } from './execution.ts';

/** One thing that an execution waits for, other than an answer. */
export interface Wait {
  readonly fact: JsonObject;
  readonly sentence: string;
  readonly unblock: string | null;
  /** Whether it is work that goes on, and not a wait for something outside. */
  readonly isStep: boolean;
}

/** What an open entry waits for; `undefined` for questions, deadlines and what is not open. */
export function waitOf(entry: JournalEntry, journal: readonly JournalEntry[]): Wait | undefined {
  const { kind, state, name, createdAt, dueAt } = entry;
  const due = { due_at: dueAt === null ? null : isoTime(dueAt) };
  const at = due.due_at === null ? 'when it is resumed' : `at ${due.due_at}`;
  if (kind === 'step' && state === 'running') {
    const fact = { kind: 'step', step_id: name, since: isoTime(createdAt) };
    return { fact, sentence: `It is running the step ${name}.`, unblock: null, isStep: true };
  }
  if (state !== 'waiting') return undefined;
  const child = childOf(entry);
  if (child !== undefined) {
    const fact = { kind: 'execution', execution_id: child, step_id: name, since: isoTime(createdAt) };
    const unblock = `GET /api/v1/executions/${child}/why`;
    return { fact, sentence: `It waits for the execution ${child} (step ${name}).`, unblock, isStep: false };
  }
  if (kind === 'timer') {
    const sentence = `It waits for a timer that is due ${at} (step ${name}).`;
    return { fact: { kind: 'timer', step_id: name, ...due }, sentence, unblock: null, isStep: false };
  }
  if (kind === 'retry') {
    const attempt = Number(/@retry-(\d+)$/.exec(entry.key)?.[1] ?? 1);
    const error = lastError(entry, journal, attempt);
    const fact = { kind: 'retry', step_id: name, attempt, error, ...due };
    const because = error === null ? '' : `: ${error}`;
    const sentence = `Try ${attempt} of ${name} failed, the next one is due ${at}${because}.`;
    return { fact, sentence, unblock: null, isStep: false };
  }
  return kind === 'listen' ? listening(entry) : undefined;
}

function listening({ name, value, createdAt }: JournalEntry): Wait {
  const listener = value as unknown as Listener;
  const types = listenedTypes(listener).map((type) => (type === '' ? 'any type' : type));
  const taken = listener.count ?? listener.taken.length;
  const fact = { kind: 'event', step_id: name, types, taken, since: isoTime(createdAt) };
  const needs = listener.mode === 'all' ? 'events of all of' : 'an event of';
  return {
    fact,
    sentence: `It listens for ${needs} ${types.join(', ')} (step ${name}), ${taken} taken so far.`,
    unblock: `POST /api/v1/events with type ${types.map((type) => `"${type}"`).join(' or ')}`,
    isStep: false,
  };
}

/** What the try before said: the failure that was recorded last inside it. */
function lastError({ key }: JournalEntry, journal: readonly JournalEntry[], attempt: number): string | null {
  const inside = `${key.slice(0, key.lastIndexOf('@'))}@try-${attempt}/`;
  const failed = journal.findLast((entry) => entry.state === 'failed' && entry.key.startsWith(inside));
  return detailOf(failed?.value ?? null);
}

function detailOf(value: Json): string | null {
  const detail = value !== null && typeof value === 'object' && !Array.isArray(value) ? value['detail'] : undefined;
  return typeof detail === 'string' ? detail : null;
}
