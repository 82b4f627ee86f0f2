import type { ExecutionList } from '@loopwright/protocol';
import { sql } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';
import type { WarningCounts } from './metrics/quality.ts';

/** The run that an execution belongs to, as lists of executions have it. */
export type RunOfExecution = NonNullable<ExecutionList['executions'][number]['run']>;

/** The runs of some executions, by the id of the execution, those of executions before a retry included. */
export async function runsOfExecutions(
  database: ServerDatabase,
  executionIds: readonly string[],
  warningsOf: WarningCounts,
): Promise<ReadonlyMap<string, RunOfExecution>> {
  if (executionIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('run_executions')
    .innerJoin('runs', 'runs.run_id', 'run_executions.run_id')
    .select(['run_executions.execution_id', 'runs.run_id', 'runs.project_name'])
    // One parameter, however many there are.
    .where(({ eb }) =>
      eb('run_executions.execution_id', 'in', sql<string>`(SELECT value FROM json_each(${JSON.stringify(executionIds)}))`),
    )
    .execute();
  const warnings = await warningsOf([...new Set(rows.map(({ run_id }) => run_id))]);
  return new Map(
    rows.map(({ execution_id, run_id, project_name }) => [
      execution_id,
      { run_id, project_name, warnings_count: warnings.get(run_id) ?? null },
    ]),
  );
}
