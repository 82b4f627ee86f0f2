import type * as DuckDB from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type JsonObject, PlatformError, jsonObjectSchema, messageOf, programNameSchema } from '@loopwright/protocol';
import { z } from 'zod';
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
  /** Memory that a query may take before it goes to disk, in MiB. Default 512. */
  readonly memoryMiB?: number | undefined;
}

/** SQL over the recorded executions of a program, by DuckDB: the view `executions`, a row for each record. */
export interface DayQueries {
  /**
   * The rows of a query, at most 100,000; big numbers and times as text. A query can read the executions and nothing else.
   *
   * @throws PlatformError VALIDATION_ERROR: what DuckDB says about the query.
   */
  query(sql: string): Promise<JsonObject[]>;
  close(): Promise<void>;
}

const ROW_LIMIT = 100_000;

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

/** Opens the executions of some days for queries. @throws PlatformError SERVICE_UNAVAILABLE without DuckDB; VALIDATION_ERROR */
export async function openDayQueries(options: DayQueriesOptions): Promise<DayQueries> {
  const { connection, database, folder } = await connect(options);
  await connection.run(`SET allowed_directories = ['${quoted(folder)}']`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  return {
    query: async (sql) => {
      try {
        const reader = await connection.runAndReadUntil(sql, ROW_LIMIT);
        return z.array(jsonObjectSchema).parse(reader.getRowObjectsJson().slice(0, ROW_LIMIT));
      } catch (error) {
        throw new PlatformError('VALIDATION_ERROR', `Cannot run the query: ${messageOf(error)}`.slice(0, 2000), { cause: error });
      }
    },
    close: async () => {
      connection.closeSync();
      database.closeSync();
    },
  };
}

/**
 * Writes the executions of some days to a Parquet file, or a CSV file with a header. The file is there completely or not at all.
 *
 * @returns how many records
 * @throws PlatformError SERVICE_UNAVAILABLE without DuckDB; STORE_FAILED
 */
export async function exportDays(options: DayQueriesOptions, path: string, format: 'parquet' | 'csv'): Promise<number> {
  const { connection, database } = await connect(options);
  const next = `${resolve(path)}.next`;
  try {
    const how = format === 'parquet' ? 'FORMAT parquet, COMPRESSION zstd' : 'FORMAT csv, HEADER';
    await connection.run(`COPY (SELECT * FROM executions ORDER BY executed_at) TO '${quoted(next)}' (${how})`);
    await rename(next, path);
    const [row] = (await connection.runAndReadAll('SELECT count(*)::INTEGER AS records FROM executions')).getRowObjectsJson();
    return z.object({ records: z.int() }).parse(row).records;
  } catch (error) {
    await rm(next, { force: true });
    throw new PlatformError('STORE_FAILED', `Cannot export to "${path}": ${messageOf(error)}`, { cause: error });
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

async function connect({
  dir,
  taskId,
  from = '0001-01-01',
  to = '9999-12-31',
  memoryMiB = 512,
}: DayQueriesOptions): Promise<{ connection: DuckDBConnection; database: DuckDBInstance; folder: string }> {
  const folder = join(resolve(dir), 'datasets', programNameSchema.parse(taskId), 'executions');
  const database = await openDatabase(memoryMiB);
  const connection = await database.connect();
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

/** DuckDB is installed where its binaries exist; it is loaded when it is asked for. */
async function openDatabase(memoryMiB: number): Promise<DuckDBInstance> {
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
  return api.DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryMiB}MB`,
    threads: '2',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
}

function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
