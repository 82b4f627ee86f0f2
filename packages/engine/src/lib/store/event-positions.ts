import type { StatementSync } from 'node:sqlite';

/** Numbers of one span in a row: execution, first seq, how many events. */
const NUMBERS_A_SPAN = 3;
/** The most spans of one row, so that a reader takes little at a time. */
const SPANS_A_ROW = 256;

/** Events of one execution that follow each other in the order of all. */
export interface Span {
  /** The number of the execution in the tables. */
  readonly no: number;
  readonly seq: number;
  readonly count: number;
  /** The position of the first one. */
  readonly position: number;
}

type Prepare = (sql: string) => StatementSync;

/**
 * Gives events their positions in the order of all executions, while a transaction is open.
 *
 * O1 Positions count from 1 without holes in the order of the commits: there is one writer, so whoever has read up to a position never meets a lower
 * one that is committed later.
 * O2 A commit costs one row, however many events it has.
 */
export class EventPositions {
  readonly #prepare: Prepare;
  #spans: number[] = [];
  #lastAt = 0;
  /** The position of the last event, those of the open transaction included. */
  #last: number;
  #committed: number;

  constructor(prepare: Prepare) {
    this.#prepare = prepare;
    this.#last = lastPosition(prepare);
    this.#committed = this.#last;
  }

  append(no: number, seq: number, at: number): void {
    const spans = this.#spans;
    const end = spans.length;
    const count = spans[end - 1] ?? 0;
    this.#last += 1;
    this.#lastAt = at;
    if (end > 0 && spans[end - 3] === no && (spans[end - 2] ?? 0) + count === seq) {
      spans[end - 1] = count + 1;
      return;
    }
    if (end === SPANS_A_ROW * NUMBERS_A_SPAN) this.#write(this.#last - 1);
    this.#spans.push(no, seq, 1);
  }

  /** Writes what is not written yet; call it before the commit. */
  flush(): void {
    if (this.#spans.length > 0) this.#write(this.#last);
  }

  /** Takes note of the commit; gives the position of its first event. */
  committed(): number {
    const first = this.#committed + 1;
    this.#committed = this.#last;
    return first;
  }

  /** Forgets the transaction that is rolled back. */
  forget(): void {
    this.#spans = [];
    this.#last = this.#committed;
  }

  #write(last: number): void {
    this.#prepare('INSERT INTO event_positions VALUES (?, ?, ?)').run(last, this.#lastAt, `[${this.#spans.join(',')}]`);
    this.#spans = [];
  }
}

/** The position of the newest event; 0 before the first one. */
export function lastPosition(prepare: Prepare): number {
  return Number(prepare('SELECT max(last) AS last FROM event_positions').get()?.['last'] ?? 0);
}

/** The spans of the next commits behind a position, about `rows` of them; the first one may begin before it. */
export function spansAfter(prepare: Prepare, position: number, rows: number): Span[] {
  const found: Span[] = [];
  for (const row of prepare('SELECT last, spans FROM event_positions WHERE last > ? ORDER BY last LIMIT ?').all(position, rows)) {
    const numbers = JSON.parse(String(row['spans'])) as number[];
    let end = Number(row['last']);
    const spans: Span[] = [];
    for (let at = numbers.length - NUMBERS_A_SPAN; at >= 0; at -= NUMBERS_A_SPAN) {
      const [no = 0, seq = 0, count = 0] = numbers.slice(at, at + NUMBERS_A_SPAN);
      end -= count;
      spans.push({ no, seq, count, position: end + 1 });
    }
    found.push(...spans.toReversed());
  }
  return found;
}

/** Forgets the positions of commits before a time, a batch of the oldest ones; the newest commit stays. Gives whether there may be more. */
export function dropPositions(prepare: Prepare, before: number, batch: number): boolean {
  const { changes } = prepare(
    `DELETE FROM event_positions WHERE at < ?1 AND last < (SELECT max(last) FROM event_positions)
     AND last <= (SELECT max(last) FROM (SELECT last FROM event_positions ORDER BY last LIMIT ?2))`,
  ).run(before, batch);
  return Number(changes) === batch;
}
