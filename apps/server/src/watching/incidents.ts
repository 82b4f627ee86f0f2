import type { Notice } from '@loopwright/engine';
import { type Clock, type ValidationSummary, isoTime } from '@loopwright/protocol';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import type { EdgeWatching } from './edge-watching.ts';
import type { IncidentMarkTable } from './incident-mark-table.ts';

const DAY_MS = 86_400_000;

/** What {@link Incidents} works with. */
export interface IncidentParts {
  readonly database: ServerDatabase;
  readonly edge: EdgeWatching;
  readonly outbox: NoticeOutbox;
  readonly resources: ResourceProjects;
  readonly clock: Clock;
}

/** Something that is counted, and how much of it there is. */
interface Count extends Pick<IncidentMarkTable, 'kind' | 'key'> {
  readonly count: number;
  /** Of how many. */
  readonly of: number;
}

const TYPES = { execution: 'program_execution_failed', validation: 'validation_failed' } as const;

/**
 * Tells in the stream of events that executions of a program failed, or that oracles called its outputs wrong: once for what came since the last look, with
 * the number, so that a program which fails a thousand times a second sends no thousand messages a second. What was told stands in the tables together
 * with the message: nothing is told twice, and nothing is left out after a crash.
 */
export class Incidents {
  readonly #parts: IncidentParts;

  constructor(parts: IncidentParts) {
    this.#parts = parts;
  }

  /** Looks at one program, given what validations say of it. Throws what the edge throws. */
  async look(program: string, { versions }: Pick<ValidationSummary, 'versions'>): Promise<void> {
    const counts = [...(await this.#failedExecutions(program)), ...versions.map(wrongOutputs)];
    const { database, outbox, resources, clock } = this.#parts;
    const marks = await database.selectFrom('incident_marks').selectAll().where('program', '=', program).execute();
    const seen = new Map(marks.map((mark) => [`${mark.kind} ${mark.key}`, mark.seen]));
    const changed = counts.filter(({ kind, key, count }) => count !== (seen.get(`${kind} ${key}`) ?? 0));
    if (changed.length === 0) return;
    const projectId = await resources.projectOfProgram(program);
    await database.transaction().execute(async (tables) => {
      for (const count of changed) {
        const mark = { program, kind: count.kind, key: count.key, seen: count.count };
        await tables
          .insertInto('incident_marks')
          .values(mark)
          .onConflict((conflict) => conflict.columns(['program', 'kind', 'key']).doUpdateSet({ seen: count.count }))
          .execute();
        const more = count.count - (seen.get(`${count.kind} ${count.key}`) ?? 0);
        // There are fewer when days were deleted.
        if (more > 0) await outbox.put(tables, noticeOf(program, { ...count, more, projectId, at: clock.now() }));
      }
      const oldest = this.#day(-2);
      await tables.deleteFrom('incident_marks').where('kind', '=', 'execution').where('key', '<', oldest).execute();
    });
    await outbox.tell();
  }

  /** By day: yesterday may have got some after the last look, and where the edge is it may be tomorrow. */
  async #failedExecutions(program: string): Promise<Count[]> {
    const { days } = await this.#parts.edge.figures(program, { from: this.#day(-1), to: this.#day(1) });
    return days.map(({ date, failed_executions: count, total_executions: of }) => ({ kind: 'execution', key: date, count, of }));
  }

  #day(offset: number): string {
    return isoTime(this.#parts.clock.now() + offset * DAY_MS).slice(0, 10);
  }
}

function wrongOutputs({ version, all }: ValidationSummary['versions'][number]): Count {
  return { kind: 'validation', key: String(version ?? 'unknown'), count: all.total - all.matched, of: all.total };
}

function noticeOf(
  program: string,
  { kind, key, count, of, more, projectId, at }: Count & { more: number; projectId: string; at: number },
): Notice {
  const type = TYPES[kind];
  const about = kind === 'execution' ? { date: key, executions: of } : { version: key, validations: of };
  const data = { program, failures: more, failures_in_all: count, ...about };
  return { id: `${type}/${program}/${key}/${count}/${at}`, type, projectId, data };
}
