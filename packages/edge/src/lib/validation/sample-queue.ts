// Invariants of the queue:
// Q1. What was answered is on disk, with its validation, before the answer is acknowledged, and is never answered again.
// Q2. A sample is one person's at a time; a claim that nobody answers ends by itself.
// Q3. At most `queueLimit` samples of a program wait: for a newer one the oldest expires.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type Clock,
  PlatformError,
  type Sample,
  type SampleReason,
  type SampleState,
  type ValidationRecord,
} from '@loopwright/protocol';
import { rowToSample, sampleRowSchema } from './sample-row.ts';

/** How long a claim holds without an answer, in milliseconds. */
export const CLAIM_MS = 15 * 60_000;

/** A sample that was chosen. */
export interface NewSample {
  readonly sampleId: string;
  readonly taskId: string;
  readonly programId: string;
  readonly version: number | null;
  readonly inputJson: string;
  readonly outputJson: string;
  readonly reason: SampleReason;
  readonly slice: string;
  /** How sure the model was that the output is right; left out: it was not asked. */
  readonly confidence?: number | undefined;
}

/** A page of the queue. */
export interface SampleQuery {
  readonly state?: SampleState | undefined;
  readonly after: number;
  readonly limit: number;
}

const WAITING = `(state = 'open' OR (state = 'claimed' AND claimed_until <= $now))`;

/** Samples that wait for the right answer, and those that have it. */
export class SampleQueue {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  #limit: number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #statements = new Map<string, StatementSync>();
  #pending: NewSample[] = [];

  constructor({
    database,
    clock,
    queueLimit,
    onTrouble,
  }: {
    database: DatabaseSync;
    clock: Clock;
    queueLimit: number;
    /** Told why samples were lost that could not be written. */
    onTrouble: (error: unknown) => void;
  }) {
    this.#database = database;
    this.#clock = clock;
    this.#limit = queueLimit;
    this.#onTrouble = onTrouble;
  }

  /** From now on so many samples of a program wait at the most. */
  limitTo(queueLimit: number): void {
    this.#limit = queueLimit;
  }

  /** Puts a sample in; those of one turn of the event loop are written together. */
  add(sample: NewSample): void {
    this.#pending.push(sample);
    if (this.#pending.length === 1) setImmediate(() => this.flush());
  }

  /** Writes what waits to be written. What cannot be is lost as a sample: the execution itself is recorded elsewhere. */
  flush(): void {
    const samples = this.#pending;
    this.#pending = [];
    if (samples.length === 0) return;
    try {
      this.transact(() => this.insert(samples));
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  /** Puts samples in at once. Call it in a {@link transact}. */
  insert(samples: readonly NewSample[]): void {
    for (const { sampleId, taskId, programId, version, inputJson, outputJson, reason, slice, confidence = null } of samples)
      this.#prepare(
        `INSERT OR IGNORE INTO samples (sample_id, task_id, program_id, version, input, output, reason, slice, confidence, state, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)`,
      ).run(sampleId, taskId, programId, version, inputJson, outputJson, reason, slice, confidence, this.#clock.now());
    for (const taskId of new Set(samples.map((sample) => sample.taskId))) this.#expire(taskId);
  }

  /** One sample. Throws SAMPLE_NOT_FOUND. */
  get(taskId: string, sampleId: string): Sample {
    this.flush();
    const row = this.#prepare('SELECT * FROM samples WHERE task_id = ? AND sample_id = ?').get(taskId, sampleId);
    if (row === undefined) throw new PlatformError('SAMPLE_NOT_FOUND', `Cannot find the sample "${sampleId}" of "${taskId}"`);
    return rowToSample(sampleRowSchema.parse(row), this.#clock.now());
  }

  /** Samples of a program, the oldest first, and where the next page begins. */
  list(taskId: string, { state, after, limit }: SampleQuery): { samples: Sample[]; next: number | null } {
    this.flush();
    const now = this.#clock.now();
    // A claim that has ended is open again.
    const condition =
      state === undefined
        ? 'TRUE'
        : state === 'open'
          ? WAITING
          : `state = '${state}'${state === 'claimed' ? ' AND claimed_until > $now' : ''}`;
    const rows = this.#prepare(
      `SELECT * FROM samples WHERE task_id = $task AND no > $after AND ${condition} AND $now > 0 ORDER BY no LIMIT $limit`,
    )
      .all({ task: taskId, after, now, limit: limit + 1 })
      .map((row) => sampleRowSchema.parse(row));
    const page = rows.slice(0, limit);
    return {
      samples: page.map((row) => rowToSample(row, now)),
      next: rows.length > limit ? (page.at(-1)?.no ?? null) : null,
    };
  }

  /** How many there are in each state. */
  counts(taskId: string): Record<SampleState, number> {
    this.flush();
    const rows = this.#prepare(
      `SELECT CASE WHEN ${WAITING} THEN 'open' ELSE state END AS state, COUNT(*) AS count FROM samples WHERE task_id = $task GROUP BY 1`,
    ).all({ task: taskId, now: this.#clock.now() });
    const counts: Record<SampleState, number> = { open: 0, claimed: 0, answered: 0, skipped: 0, expired: 0 };
    for (const { state, count } of rows) counts[String(state) as SampleState] = Number(count);
    return counts;
  }

  /** Gives somebody the oldest sample that waits, or the one that is named, for 15 minutes; `undefined` when none waits. Throws SAMPLE_TAKEN, SAMPLE_NOT_FOUND. */
  claim(taskId: string, by: string, sampleId?: string): Sample | undefined {
    this.flush();
    const now = this.#clock.now();
    if (sampleId !== undefined) this.requireFree(taskId, sampleId, by);
    const row = this.#prepare(
      `UPDATE samples SET state = 'claimed', claimed_by = $by, claimed_until = $until WHERE no = (
         SELECT no FROM samples WHERE task_id = $task AND ($id = '' OR sample_id = $id)
         AND (${WAITING} OR (state = 'claimed' AND claimed_by = $by)) ORDER BY no LIMIT 1)
       RETURNING *`,
    ).get({ task: taskId, id: sampleId ?? '', by, now, until: now + CLAIM_MS });
    return row === undefined ? undefined : rowToSample(sampleRowSchema.parse(row), now);
  }

  /** The sample, when somebody may answer or skip it: nobody else has it and it is not done. Throws SAMPLE_TAKEN, SAMPLE_NOT_FOUND. */
  requireFree(taskId: string, sampleId: string, by: string): Sample {
    const sample = this.get(taskId, sampleId);
    const { state, claimed_by, claimed_until, answered_by, answered_at } = sample;
    if (state === 'open' || (state === 'claimed' && claimed_by === by)) return sample;
    const who = state === 'claimed' ? `${String(claimed_by)} has it` : `it is ${state}`;
    throw new PlatformError('SAMPLE_TAKEN', `Cannot take the sample "${sampleId}": ${who}`, {
      details: { state, by: answered_by ?? claimed_by, until: claimed_until, at: answered_at },
    });
  }

  /** Ends a sample. With a validation, the caller writes it to the data set next and says {@link logged}. Call it in a {@link transact}. */
  close(
    sampleId: string,
    { state, by, validation }: { state: 'answered' | 'skipped'; by: string; validation?: ValidationRecord },
  ): void {
    this.#prepare('UPDATE samples SET state = ?, done_by = ?, done_at = ?, validation = ?, logged = ? WHERE sample_id = ?').run(
      state,
      by,
      this.#clock.now(),
      validation === undefined ? null : JSON.stringify(validation),
      validation === undefined ? 1 : 0,
      sampleId,
    );
  }

  /** Takes note that the validation of a sample stands in the data set. */
  logged(sampleId: string): void {
    this.#prepare('UPDATE samples SET logged = 1 WHERE sample_id = ?').run(sampleId);
  }

  /** Samples whose validation may be missing in the data set: a crash came between. */
  unlogged(taskId: string): Sample[] {
    const rows = this.#prepare('SELECT * FROM samples WHERE task_id = ? AND logged = 0 ORDER BY no').all(taskId);
    return rows.map((row) => rowToSample(sampleRowSchema.parse(row), this.#clock.now()));
  }

  /** Forgets samples that were done, or that nobody has answered, before an instant; returns how many. */
  forgetBefore(at: number): number {
    return Number(this.#prepare('DELETE FROM samples WHERE logged = 1 AND coalesce(done_at, created_at) < ?').run(at).changes);
  }

  /** Does all of something, or nothing. */
  transact<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #expire(taskId: string): void {
    const { count } = this.#prepare(
      `SELECT COUNT(*) AS count FROM samples WHERE task_id = ? AND state IN ('open', 'claimed')`,
    ).get(taskId) ?? { count: 0 };
    const tooMany = Number(count) - this.#limit;
    if (tooMany <= 0) return;
    // What has expired is counted, and no longer kept.
    this.#prepare(
      `UPDATE samples SET state = 'expired', done_at = $now, input = 'null', output = 'null' WHERE no IN (
         SELECT no FROM samples WHERE task_id = $task AND ${WAITING} ORDER BY no LIMIT $many)`,
    ).run({ now: this.#clock.now(), task: taskId, many: tooMany });
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
