import type { ServerDatabase } from '../database/server-database.ts';

/** Every execution of the run that an execution belongs to, its retries among them; the execution alone when it belongs to no run. */
export async function executionsOfRun(database: ServerDatabase, executionId: string): Promise<string[]> {
  const rows = await database
    .selectFrom('run_executions')
    .select('execution_id')
    .where('run_id', '=', (query) => query.selectFrom('run_executions').select('run_id').where('execution_id', '=', executionId))
    .execute();
  return rows.length === 0 ? [executionId] : rows.map(({ execution_id }) => execution_id);
}
