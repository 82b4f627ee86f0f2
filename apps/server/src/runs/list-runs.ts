import type { ProjectScope } from '@loopwright/engine';
import type { ListRunsQuery } from '@loopwright/protocol';
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import { inProjects } from '../authorization/project-filter.ts';
import { cursorOf, placeOf } from '../http/manners/pages.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { ServerTables } from '../database/tables.ts';
import { profileName } from './profile/profiles.ts';
import type { RunTable } from './run-tables.ts';

/** One page of runs. */
export interface RunPage {
  readonly runs: readonly RunTable[];
  /** Of all that fit, before paging. */
  readonly total: number;
  readonly nextCursor: string | null;
}

/** The query, and the executions that the runs have to be among, when it matters. */
export type RunsWanted = ListRunsQuery & { readonly among?: readonly string[] | undefined };

const runPlace = z.tuple([z.union([z.string().max(1000), z.number()]), z.string().max(200)]);

/** The runs of some projects that fit, in an order that inserts do not disturb: a cursor names the last one that was seen. Throws VALIDATION_ERROR for a cursor that is none. */
export async function listRuns(database: ServerDatabase, query: RunsWanted, projects: ProjectScope): Promise<RunPage> {
  const { limit, offset, cursor, sort } = query;
  const isDescending = sort.startsWith('-');
  const column = (isDescending ? sort.slice(1) : sort) as 'created_at';
  const direction = isDescending ? 'desc' : 'asc';
  const fitting = database.selectFrom('runs').where((eb) => eb.and(conditionsOf(query, eb, projects)));
  const { total } = await fitting.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow();
  const after = cursor === undefined ? undefined : placeOf(cursor, runPlace);
  const rest =
    after === undefined
      ? fitting
      : fitting.where(sql<SqlBool>`(${sql.ref(column)}, run_id) ${sql.raw(isDescending ? '<' : '>')} (${after[0]}, ${after[1]})`);
  const runs = await rest
    .selectAll()
    .orderBy(column, direction)
    .orderBy('run_id', direction)
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const page = runs.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = runs.length > limit && last !== undefined ? cursorOf([last[column], last.run_id]) : null;
  return { runs: page, total: Number(total), nextCursor };
}

function conditionsOf(
  { status, profile, project_id, created_after, created_before, q, run_id, among }: RunsWanted,
  eb: ExpressionBuilder<ServerTables, 'runs'>,
  projects: ProjectScope,
): Expression<SqlBool>[] {
  const contains = (column: string, text: string): Expression<SqlBool> =>
    sql<SqlBool>`instr(lower(${sql.ref(column)}), lower(${text})) > 0`;
  return [
    inProjects(projects),
    // One parameter, however many there are.
    ...(among === undefined ? [] : [sql<SqlBool>`execution_id IN (SELECT value FROM json_each(${JSON.stringify(among)}))`]),
    ...(run_id === undefined
      ? []
      : [
          eb('run_id', 'in', eb.selectFrom('run_executions').select('run_executions.run_id').where('execution_id', 'in', run_id)),
        ]),
    ...(status === undefined ? [] : [eb('status', '=', status)]),
    ...(profile === undefined ? [] : [eb('profile', '=', profileName(profile))]),
    ...(project_id === undefined ? [] : [eb('project_id', '=', project_id)]),
    ...(created_after === undefined ? [] : [eb('created_at', '>=', Date.parse(created_after))]),
    ...(created_before === undefined ? [] : [eb('created_at', '<', Date.parse(created_before))]),
    ...(q === undefined
      ? []
      : [
          eb.or([
            ...['run_id', 'project_name', 'intake', 'profile'].map((column) => contains(column, q)),
            // Whole, and those that it was before it was retried: links have it.
            eb('run_id', 'in', eb.selectFrom('run_executions').select('run_executions.run_id').where('execution_id', '=', q)),
          ]),
        ]),
  ];
}
