import { digestOf } from '@loopwright/engine';
import {
  type BehaviourDiff,
  type Clock,
  type DiffRequest,
  type StoredDiff,
  behaviourDiffSchema,
  isoTime,
  toJson,
} from '@loopwright/protocol';
import type { ServerDatabase } from '../database/server-database.ts';
import type { BehaviourDiffTable } from './behaviour-diff-table.ts';
import type { EdgeClient } from './edge-client.ts';

/** Which part of a list that goes from the newest to the oldest. */
export interface NewestFirst {
  readonly limit: number;
  /** Milliseconds since 1970 UTC, and an id. */
  readonly behind?: readonly [number, string] | undefined;
}

/** Who asked for a comparison, and the name under which it is kept: the same one again takes its place. */
export interface DiffOrigin {
  readonly diffId: string;
  readonly executionId: string | null;
  readonly requestedBy: string | null;
}

/** Compares versions on the edge, and keeps what came of it beside them. */
export class BehaviourDiffs {
  readonly #edge: EdgeClient;
  readonly #database: () => ServerDatabase;
  readonly #clock: Clock;

  constructor({ edge, database, clock }: { edge: EdgeClient; database: () => ServerDatabase; clock: Clock }) {
    this.#edge = edge;
    this.#database = database;
    this.#clock = clock;
  }

  /** Compares two versions and keeps the report. Throws what the edge throws: PROGRAM_NOT_FOUND, ARTIFACT_NOT_FOUND, NO_ACTIVE_VERSION, OVERLOADED. */
  async compare(program: string, request: DiffRequest, origin: DiffOrigin, signal?: AbortSignal): Promise<StoredDiff> {
    const report = await this.#edge.compare(program, request, signal);
    const row: BehaviourDiffTable = {
      diff_id: origin.diffId,
      program,
      candidate: report.candidate.version,
      incumbent: report.incumbent.version,
      execution_id: origin.executionId,
      requested_by: origin.requestedBy,
      created_at: this.#clock.now(),
      digest: digestOf(toJson(report)),
      report: JSON.stringify(report),
    };
    await this.#database()
      .insertInto('behaviour_diffs')
      .values(row)
      .onConflict((conflict) => conflict.column('diff_id').doUpdateSet(row))
      .execute();
    return viewOf(row, report);
  }

  /** Comparisons of a version, the newest first: at most `limit`, and only those behind a place, which is a time and an id. */
  async of(program: string, candidate: number, { limit, behind }: NewestFirst): Promise<StoredDiff[]> {
    let query = this.#database()
      .selectFrom('behaviour_diffs')
      .selectAll()
      .where('program', '=', program)
      .where('candidate', '=', candidate);
    if (behind !== undefined) {
      const [at, id] = behind;
      query = query.where((is) =>
        is.or([is('created_at', '<', at), is.and([is('created_at', '=', at), is('diff_id', '<', id)])]),
      );
    }
    const rows = await query.orderBy('created_at', 'desc').orderBy('diff_id', 'desc').limit(limit).execute();
    return rows.map((row) => viewOf(row, behaviourDiffSchema.parse(JSON.parse(row.report))));
  }
}

function viewOf(row: BehaviourDiffTable, report: BehaviourDiff): StoredDiff {
  return {
    diff_id: row.diff_id,
    digest: row.digest,
    execution_id: row.execution_id,
    requested_by: row.requested_by,
    created_at: isoTime(row.created_at),
    report,
  };
}
