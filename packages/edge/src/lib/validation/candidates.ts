// Invariants of the candidates:
// C1. What a rating cost is counted, what was rated is no candidate any more, and the least sure are samples: all of it, or nothing.
// C2. At most `CANDIDATES_LIMIT` of a program wait: for a newer one the oldest is forgotten.
import type { DatabaseSync } from 'node:sqlite';
import {
  CANDIDATES_RATED_AT_ONCE,
  type CandidateList,
  type CandidatesRated,
  type Json,
  type Random,
  type RateCandidatesRequest,
} from '@loopwright/protocol';
import { z } from 'zod';
import { leastSure } from '../sampling/model-uncertainty-sampler.ts';
import type { NewSample, SampleQueue } from './sample-queue.ts';
import type { ValidationCounts } from './validation-counts.ts';

const CANDIDATES_LIMIT = 200;
/** Characters of inputs and outputs that are given out at once: a model reads them in one go. One candidate is given whatever its size. */
const CHARACTERS = 60_000;

/** What {@link Candidates} works with. */
export interface CandidatesParts {
  readonly database: DatabaseSync;
  readonly queue: SampleQueue;
  readonly counts: ValidationCounts;
  readonly random: Random;
  /** Told why candidates were lost that could not be written. */
  readonly onTrouble: (error: unknown) => void;
}

type Candidate = Omit<NewSample, 'reason' | 'confidence'>;

const rowSchema = z.object({
  sample_id: z.string(),
  task_id: z.string(),
  program_id: z.string(),
  version: z.number().nullable(),
  input: z.string(),
  output: z.string(),
  slice: z.string(),
});
type Row = z.infer<typeof rowSchema>;

/** Executions that become samples if the model is less sure of them than of others. */
export class Candidates {
  readonly #parts: CandidatesParts;
  #pending: Candidate[] = [];

  constructor(parts: CandidatesParts) {
    this.#parts = parts;
  }

  /** Keeps a candidate; those of one turn of the event loop are written together. */
  add(candidate: Candidate): void {
    this.#pending.push(candidate);
    if (this.#pending.length === 1) setImmediate(() => this.flush());
  }

  /** Writes what waits to be written. What cannot be is no candidate; the execution itself is recorded elsewhere. */
  flush(): void {
    const candidates = this.#pending;
    this.#pending = [];
    if (candidates.length === 0) return;
    try {
      this.#parts.queue.transact(() => this.#insert(candidates));
    } catch (error) {
      this.#parts.onTrouble(error);
    }
  }

  /** How many wait. */
  count(taskId: string): number {
    this.flush();
    const row = this.#parts.database.prepare('SELECT COUNT(*) AS count FROM candidates WHERE task_id = ?').get(taskId);
    return Number(row?.['count'] ?? 0);
  }

  /** The oldest ones, as many as may be rated at once. */
  list(taskId: string): CandidateList {
    this.flush();
    const rows = this.#parts.database
      .prepare('SELECT * FROM candidates WHERE task_id = ? ORDER BY no LIMIT ?')
      .all(taskId, CANDIDATES_RATED_AT_ONCE)
      .map((row) => rowSchema.parse(row));
    let characters = 0;
    const fitting = rows.filter(({ input, output }, index) => {
      characters += input.length + output.length;
      return index === 0 || characters <= CHARACTERS;
    });
    return {
      candidates: fitting.map(({ sample_id, version, input, output }) => ({
        sample_id,
        version,
        input_data: JSON.parse(input) as Json,
        output_data: JSON.parse(output) as Json,
      })),
    };
  }

  /** Takes what the model said, and what that cost. What is no candidate any more changes nothing. */
  rate(taskId: string, { ratings, cost_usd: costUsd }: RateCandidatesRequest): CandidatesRated {
    const { queue, counts, random } = this.#parts;
    return queue.transact(() => {
      counts.spend(taskId, costUsd);
      const taken = ratings.flatMap(({ sample_id: id, confidence }) => {
        const row = this.#take(taskId, id);
        return row === undefined ? [] : [{ row, confidence }];
      });
      const rated = taken.flatMap(({ row, confidence }) => (confidence === null ? [] : [{ row, confidence }]));
      const chosen = counts.budget(taskId).exhausted ? [] : leastSure(rated, random);
      queue.insert(chosen.map(({ row, confidence }) => sampleOf(row, confidence)));
      return { rated: taken.length, sampled: chosen.map(({ row }) => row.sample_id), cost_usd: costUsd };
    });
  }

  #insert(candidates: readonly Candidate[]): void {
    const { database } = this.#parts;
    const insert = database.prepare(
      'INSERT OR IGNORE INTO candidates (sample_id, task_id, program_id, version, input, output, slice) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    for (const { sampleId, taskId, programId, version, inputJson, outputJson, slice } of candidates)
      insert.run(sampleId, taskId, programId, version, inputJson, outputJson, slice);
    const forget = database.prepare(
      'DELETE FROM candidates WHERE task_id = $task AND no <= (SELECT no FROM candidates WHERE task_id = $task ORDER BY no DESC LIMIT 1 OFFSET $limit)',
    );
    for (const task of new Set(candidates.map(({ taskId }) => taskId))) forget.run({ task, limit: CANDIDATES_LIMIT });
  }

  #take(taskId: string, sampleId: string): Row | undefined {
    const row = this.#parts.database
      .prepare('DELETE FROM candidates WHERE task_id = ? AND sample_id = ? RETURNING *')
      .get(taskId, sampleId);
    return row === undefined ? undefined : rowSchema.parse(row);
  }
}

function sampleOf(row: Row, confidence: number): NewSample {
  return {
    sampleId: row.sample_id,
    taskId: row.task_id,
    programId: row.program_id,
    version: row.version,
    inputJson: row.input,
    outputJson: row.output,
    reason: 'uncertainty',
    slice: row.slice,
    confidence,
  };
}
