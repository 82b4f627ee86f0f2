import type * as DuckDB from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PlatformError, programNameSchema } from '@loopwright/protocol';
import { type Day, daySchema } from './day.ts';
import { listDayFiles, partsOf } from './day-parts.ts';

/** Which records are asked. */
export interface DayQueriesOptions {
  /** The data folder. */
  readonly dir: string;
  readonly taskId: string;
  /** First and last day, both included. Left out: all that are there. */
  readonly from?: Day | undefined;
  readonly to?: Day | undefined;
  /** Memory that DuckDB may take, in MiB. Default 512. */
  readonly memoryMiB?: number | undefined;
}

/** A database and a connection to it; both are closed by whoever opened them. */
export interface Connected {
  readonly database: DuckDBInstance;
  readonly connection: DuckDBConnection;
}

/** Inputs and outputs are of any type: they stay JSON. */
const COLUMNS: Readonly<Record<string, string>> = {
  executed_at: 'TIMESTAMPTZ',
  status: 'VARCHAR',
  latency_ms: 'DOUBLE',
  sampled_for_validation: 'BOOLEAN',
  version: 'INTEGER',
  id: 'VARCHAR',
  program_id: 'VARCHAR',
  task_id: 'VARCHAR',
  input_data: 'JSON',
  output_data: 'JSON',
  error_message: 'VARCHAR',
  validation_id: 'VARCHAR',
};

/** A connection whose view `executions` has the records of some days. @throws PlatformError SERVICE_UNAVAILABLE without DuckDB */
export async function connectDays({
  dir,
  taskId,
  from = '0001-01-01',
  to = '9999-12-31',
  memoryMiB = 512,
}: DayQueriesOptions): Promise<Connected & { readonly folder: string }> {
  const folder = join(resolve(dir), 'datasets', programNameSchema.parse(taskId), 'executions');
  const { database, connection } = await openDuckDb(memoryMiB);
  const paths: string[] = [];
  for (const day of new Set((await listDayFiles(folder)).map((file) => file.day))) {
    if (day < daySchema.parse(from) || day > daySchema.parse(to)) continue;
    const { closed, open } = await partsOf(folder, day);
    paths.push(...closed, ...(existsSync(open) ? [open] : []));
  }
  // Without a file there is nothing that DuckDB could read the columns from.
  const names = Object.keys(COLUMNS).map((name) => `NULL::${COLUMNS[name]} AS ${name}`);
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name}: '${type}'`);
  await connection.run(
    paths.length === 0
      ? `CREATE VIEW executions AS SELECT ${names.join(', ')} WHERE false`
      : `CREATE VIEW executions AS SELECT * FROM read_json([${paths.map((path) => `'${quoted(path)}'`).join(', ')}],
          format = 'newline_delimited', columns = {${columns.join(', ')}}, ignore_errors = true, maximum_object_size = 16777216)`,
  );
  return { connection, database, folder };
}

/** DuckDB with nothing in it. It is installed where its binaries exist, and loaded when it is asked for. @throws PlatformError SERVICE_UNAVAILABLE */
export async function openDuckDb(memoryMiB: number): Promise<Connected> {
  let api: typeof DuckDB;
  try {
    api = await import('@duckdb/node-api');
  } catch (error) {
    throw new PlatformError(
      'SERVICE_UNAVAILABLE',
      'Cannot query the executions: DuckDB is not installed (npm install @duckdb/node-api)',
      {
        cause: error,
      },
    );
  }
  const database = await api.DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryMiB}MB`,
    threads: '2',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  return { database, connection: await database.connect() };
}

/** A text as it stands in a literal of SQL. */
export function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
