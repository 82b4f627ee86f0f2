import type { Json, JsonObject } from '@loopwright/protocol';
import type { ExecutionEvent, JournalEntry } from '../execution/execution.ts';
import { type Row, integer, readLater, text } from './rows.ts';
import { type ValueFiles, digestIn } from './value-files.ts';

/*
 * The texts of a row of `history`; `migrations/0009-history.sql` says what is in them.
 */

/** An event without the execution and its number, which follow from its place. */
type PackedEvent = [type: string, step: string | null, at: number, data: JsonObject | string];
/** The result of a step; its value in an array, or the reference to a file. */
type PackedResult = [
  key: string,
  name: string,
  state: JournalEntry['state'],
  createdAt: number,
  recordedAt: number | null,
  value: [Json] | string,
];

/** Whether an entry belongs into the history: the result of a step. It is never changed, and nobody looks for it by its key. */
export function isResult({ kind, state }: JournalEntry): boolean {
  return kind === 'step' && (state === 'done' || state === 'failed');
}

/** The text of events that follow each other; `null` for none. */
export function packEvents(events: readonly ExecutionEvent[], files: ValueFiles): string | null {
  return pack(events, files, ({ type, step, at, data }, outside): PackedEvent => [type, step, at, outside(data) ?? data]);
}

/** The text of results of steps; `null` for none. */
export function packResults(results: readonly JournalEntry[], files: ValueFiles): string | null {
  return pack(results, files, ({ key, name, state, createdAt, recordedAt, value }, outside): PackedResult => {
    return [key, name, state, createdAt, recordedAt, outside(value) ?? [value]];
  });
}

/** Most rows are smaller than any value that would need a file, so their values are looked at one by one only in the others. */
function pack<Item>(
  items: readonly Item[],
  files: ValueFiles,
  row: (item: Item, outside: (value: Json) => string | undefined) => Json,
): string | null {
  if (items.length === 0) return null;
  const whole = JSON.stringify(items.map((item) => row(item, () => undefined)));
  return files.fits(whole) ? whole : JSON.stringify(items.map((item) => row(item, (value) => files.reference(value))));
}

/** The events of a row that has some. */
export function unpackEvents(executionId: string, row: Row, files: ValueFiles): ExecutionEvent[] {
  const packed = JSON.parse(text(row, 'events')) as PackedEvent[];
  const before = integer(row, 'last_seq') - packed.length;
  return packed.map(([type, step, at, data], index) => {
    const event = { executionId, seq: before + index + 1, type, step, at, data: data as JsonObject };
    return typeof data === 'string' ? readLater(event, 'data', { stored: data, files }) : event;
  });
}

/** The results of steps in a row that has some. */
export function unpackResults(row: Row, files: ValueFiles): JournalEntry[] {
  return (JSON.parse(text(row, 'results')) as PackedResult[]).map(([key, name, state, createdAt, recordedAt, value]) => {
    const inline = value[0] ?? null;
    const entry: JournalEntry = {
      key,
      kind: 'step',
      state,
      name,
      value: inline,
      dueAt: null,
      remainingMs: null,
      createdAt,
      recordedAt,
    };
    return typeof value === 'string' ? readLater(entry, 'value', { stored: value, files }) : entry;
  });
}

/** The digests of the files that the events of a row refer to. */
export function filesOfEvents(row: Row): string[] {
  return (JSON.parse(text(row, 'events')) as PackedEvent[]).flatMap(([, , , data]) =>
    typeof data === 'string' ? (digestIn(data) ?? []) : [],
  );
}
