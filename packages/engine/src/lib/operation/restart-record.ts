import { type Json, jsonObjectSchema, jsonSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import type { JournalEntry } from '../execution/execution.ts';

/** The key of what a restarted execution knows about its origin. No task has it: `@` does not begin the name of one. */
const RESTART_KEY = '@restart';

const recordSchema = z.object({
  /** The execution whose record is shared. */
  execution_id: z.string(),
  /** The name of the task that it was restarted from; `null` at the very beginning. */
  task: z.string().nullable(),
  /** The key of that task. */
  key: z.string().nullable(),
  /** Keys of the entries that were taken over. */
  shared: z.array(z.string()),
  /** Inputs that people put in place of what a task would have got, by the key of the task. */
  inputs: jsonObjectSchema,
});
/** Where a restarted execution comes from. */
export type RestartRecord = z.infer<typeof recordSchema>;

/** The journal entry that holds the record. */
export function restartEntry(record: RestartRecord, at: number): JournalEntry {
  return {
    key: RESTART_KEY,
    kind: 'restart',
    state: 'done',
    name: record.task ?? 'workflow',
    value: toJson(record),
    dueAt: null,
    remainingMs: null,
    createdAt: at,
    recordedAt: at,
  };
}

/** The record of a journal; `undefined` for an execution that began by itself. */
export function restartRecordIn(journal: readonly JournalEntry[]): RestartRecord | undefined {
  const entry = journal.find(({ kind }) => kind === 'restart');
  return entry === undefined ? undefined : recordSchema.parse(entry.value);
}

/** The inputs that people put in, by the key of the task; nothing for an execution that began by itself. */
export function editedInputsIn(journal: readonly JournalEntry[]): ReadonlyMap<string, Json> | undefined {
  const inputs = restartRecordIn(journal)?.inputs;
  return inputs === undefined ? undefined : new Map(Object.entries(inputs).map(([key, value]) => [key, jsonSchema.parse(value)]));
}
