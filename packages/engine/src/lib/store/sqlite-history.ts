import type { StatementSync } from 'node:sqlite';
import type { ExecutionEvent, JournalEntry } from '../execution/execution.ts';
import { packEvents, packResults, unpackEvents, unpackResults } from './history-row.ts';
import type { ValueFiles } from './value-files.ts';

/** How many events and how many results a row has at most, so that a page of events is not read from a row of thousands. */
const ROW_LIMIT = 100;

/** An execution, by its number in the tables and by its id. */
interface Owner {
  readonly no: number;
  readonly id: string;
}

/** Events and results of steps that belong into the history of one execution. */
interface Recorded {
  readonly events: readonly ExecutionEvent[];
  readonly results: readonly JournalEntry[];
}

/**
 * What happened in executions and what their steps gave, by the numbers that the executions have in the tables. A row is what one commit recorded
 * of one execution; rows are appended, and not changed until the execution is compacted.
 */
export class SqliteHistory {
  readonly #prepare: (sql: string) => StatementSync;
  readonly #files: ValueFiles;

  constructor(prepare: (sql: string) => StatementSync, files: ValueFiles) {
    this.#prepare = prepare;
    this.#files = files;
  }

  /** Appends what was recorded of an execution whose last event before it has the number `lastSeq`. */
  append(execution: number, lastSeq: number, { events, results }: Recorded): void {
    const insert = this.#prepare('INSERT INTO history (execution, last_seq, events, results) VALUES (?, ?, ?, ?)');
    for (let from = 0; from < Math.max(events.length, results.length); from += ROW_LIMIT) {
      const part = events.slice(from, from + ROW_LIMIT);
      const ended = results.slice(from, from + ROW_LIMIT);
      const last = part.at(-1)?.seq ?? events.at(-1)?.seq ?? lastSeq;
      insert.run(execution, last, packEvents(part, this.#files), packResults(ended, this.#files));
    }
  }

  /** Results of steps, in the order in which they were recorded; one that was put again counts once. */
  results(execution: number): JournalEntry[] {
    const results = this.#prepare(
      'SELECT results FROM history WHERE execution = ? AND results IS NOT NULL ORDER BY last_seq, position',
    )
      .all(execution)
      .flatMap((row) => unpackResults(row, this.#files));
    return [...new Map(results.map((entry) => [entry.key, entry])).values()];
  }

  /** At most so many events after a number, in their order. */
  events({ no, id }: Owner, after: number, limit: number): ExecutionEvent[] {
    const found: ExecutionEvent[] = [];
    const rows = this.#prepare(
      'SELECT last_seq, events FROM history WHERE execution = ? AND last_seq > ? AND events IS NOT NULL ORDER BY last_seq',
    ).iterate(no, after);
    for (const row of rows) {
      found.push(...unpackEvents(id, row, this.#files).filter(({ seq }) => seq > after));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** The events of an execution, the newest first. */
  *newestEvents({ no, id }: Owner): Generator<ExecutionEvent> {
    const rows = this.#prepare(
      'SELECT last_seq, events FROM history WHERE execution = ? AND events IS NOT NULL ORDER BY last_seq DESC',
    ).iterate(no);
    for (const row of rows) yield* unpackEvents(id, row, this.#files).toReversed();
  }

  /** The number of the last event; 0 without any. */
  lastSeq(execution: number): number {
    return Number(this.#prepare('SELECT max(last_seq) AS last FROM history WHERE execution = ?').get(execution)?.['last'] ?? 0);
  }

  /** The number of the earliest event that is still there. */
  firstEvent(execution: number): number | undefined {
    const row = this.#prepare(
      `SELECT last_seq - json_array_length(events) + 1 AS first FROM history WHERE execution = ? AND events IS NOT NULL ORDER BY last_seq LIMIT 1`,
    ).get(execution);
    return row === undefined ? undefined : Number(row['first']);
  }
}
