import type { DatabaseSync } from 'node:sqlite';
import { type Clock, type MatchShare, type ValidationSummary, isoTime, wilsonInterval } from '@loopwright/protocol';

/** Nothing is known of the version of a very old record. */
const NO_VERSION = 0;
const NANOS = 1e9;

interface CountRow {
  readonly version: number;
  readonly reason: string;
  readonly slice: string;
  readonly total: number;
  readonly matched: number;
  /** Those whose similarity was counted, and the sum of it. */
  readonly scored: number;
  readonly score_sum: number;
}

/** How validations came out, for each version, reason and slice, and what oracles cost by day (UTC). */
export class ValidationCounts {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  #limitUsd: number | null;

  constructor({ database, clock, limitUsd }: { database: DatabaseSync; clock: Clock; limitUsd: number | null }) {
    this.#database = database;
    this.#clock = clock;
    this.#limitUsd = limitUsd;
  }

  /** From now on the oracle of a program may cost so much on a day; `null` for no limit. */
  limitTo(limitUsd: number | null): void {
    this.#limitUsd = limitUsd;
  }

  /** Counts a validation. */
  add(
    taskId: string,
    {
      version,
      reason,
      slice,
      match,
      similarity,
      costUsd,
    }: { version: number | null; reason: string; slice: string; match: boolean; similarity: number; costUsd: number },
  ): void {
    this.#database
      .prepare(
        `INSERT INTO validation_counts (task_id, version, reason, slice, total, matched, scored, score_sum)
         VALUES ($task, $version, $reason, $slice, 1, $matched, 1, $similarity)
         ON CONFLICT DO UPDATE SET total = total + 1, matched = matched + $matched, scored = scored + 1, score_sum = score_sum + $similarity`,
      )
      .run({ task: taskId, version: version ?? NO_VERSION, reason, slice, matched: match ? 1 : 0, similarity });
    this.spend(taskId, costUsd);
  }

  /** Counts US dollars that an oracle took today. */
  spend(taskId: string, costUsd: number): void {
    if (costUsd === 0) return;
    this.#database
      .prepare('INSERT INTO oracle_costs VALUES ($task, $day, $nanos) ON CONFLICT DO UPDATE SET nanos = nanos + $nanos')
      .run({ task: taskId, day: this.#day, nanos: Math.round(costUsd * NANOS) });
  }

  /** What was spent today, and whether that is all. */
  budget(taskId: string): ValidationSummary['budget'] {
    const row = this.#database.prepare('SELECT nanos FROM oracle_costs WHERE task_id = ? AND day = ?').get(taskId, this.#day);
    const spent = Number(row?.['nanos'] ?? 0) / NANOS;
    return {
      day: this.#day,
      limit_usd: this.#limitUsd,
      spent_usd: spent,
      exhausted: this.#limitUsd !== null && spent >= this.#limitUsd,
    };
  }

  /** Each version, the newest first. */
  versions(taskId: string): ValidationSummary['versions'] {
    const rows = this.#database.prepare('SELECT * FROM validation_counts WHERE task_id = ?').all(taskId) as unknown as CountRow[];
    return [...Map.groupBy(rows, ({ version }) => version)]
      .sort(([one], [other]) => other - one)
      .map(([version, counts]) => ({
        version: version === NO_VERSION ? null : version,
        estimate: shareOf(counts.filter(({ reason }) => reason === 'random')),
        all: shareOf(counts),
        average_score: averageScore(counts),
        by_reason: sharesBy(counts, ({ reason }) => reason),
        by_slice: sharesBy(counts, ({ slice }) => slice),
      }));
  }

  get #day(): string {
    return isoTime(this.#clock.now()).slice(0, 10);
  }
}

function sharesBy(rows: readonly CountRow[], key: (row: CountRow) => string): Record<string, MatchShare> {
  return Object.fromEntries([...Map.groupBy(rows, key)].map(([name, group]) => [name, shareOf(group)]));
}

function shareOf(rows: readonly CountRow[]): MatchShare {
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  const matched = rows.reduce((sum, row) => sum + row.matched, 0);
  const { share, low, high } = wilsonInterval(matched, total);
  return { total, matched, share: total === 0 ? null : share, low, high };
}

/** `null`: nothing was scored. */
function averageScore(rows: readonly CountRow[]): number | null {
  const scored = rows.reduce((sum, row) => sum + row.scored, 0);
  return scored === 0 ? null : Math.min(1, rows.reduce((sum, row) => sum + row.score_sum, 0) / scored);
}
