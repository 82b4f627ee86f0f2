import type { DuckDBPreparedStatement } from '@duckdb/node-api';
import { type ExecutionQueryResponse, type JsonObject, PlatformError, jsonObjectSchema, messageOf } from '@loopwright/protocol';
import { type DayQueriesOptions, connectDays, quoted } from './days-in-duckdb.ts';

/** The number that DuckDB has for a statement that only reads. */
const SELECT = 1;

/** What one query may give and take. */
interface QueryLimits {
  /** Rows of the answer at the most. Default 100,000. */
  readonly rows?: number;
  /** Characters of the rows as JSON at the most. Default 64 Mi. */
  readonly characters?: number;
}

/** SQL over the recorded executions of a program, by DuckDB: the view `executions`, a row for each record. */
export interface DayQueries {
  /**
   * The rows of one `SELECT`; big numbers and times as text. It can read the executions of the program, and neither read nor write anything else.
   *
   * @throws PlatformError VALIDATION_ERROR: what DuckDB says about the query; LIMIT_EXCEEDED: it takes more memory than it may. Nothing here limits its time: see `run-data-job.ts`
   */
  query(sql: string, limits?: QueryLimits): Promise<ExecutionQueryResponse>;
  close(): Promise<void>;
}

/** Opens the executions of some days for queries. @throws PlatformError SERVICE_UNAVAILABLE without DuckDB; VALIDATION_ERROR */
export async function openDayQueries(options: DayQueriesOptions): Promise<DayQueries> {
  const { connection, database, folder } = await connectDays(options);
  // What does not fit into its memory is refused: queries write nothing, not even on their way.
  await connection.run(`SET temp_directory = ''; SET allowed_directories = ['${quoted(folder)}']`);
  await connection.run('SET enable_external_access = false; SET lock_configuration = true');
  /** The statement, when there is one and it only reads: also into the folder of the records nothing may be written. */
  const prepare = async (sql: string): Promise<DuckDBPreparedStatement> => {
    const statements = await connection.extractStatements(sql);
    if (statements.count !== 1) throw new Error(`it has ${statements.count} statements`);
    const statement = await statements.prepare(0);
    const type: number = statement.statementType;
    if (type !== SELECT) throw new Error('it is no SELECT');
    return statement;
  };
  const read = async (
    sql: string,
    { rows: most = 100_000, characters = 64 * 1024 * 1024 }: QueryLimits,
  ): Promise<ExecutionQueryResponse> => {
    const rows: JsonObject[] = [];
    let left = characters;
    const result = await (await prepare(sql)).stream();
    for await (const chunk of result.yieldRowObjectJson())
      for (const row of chunk) {
        left -= JSON.stringify(row).length;
        if (rows.length === most || left < 0) return { rows, truncated: true };
        rows.push(jsonObjectSchema.parse(row));
      }
    return { rows, truncated: false };
  };
  return {
    query: async (sql, limits = {}) => {
      try {
        return await read(sql, limits);
      } catch (error) {
        throw refusal(error);
      }
    },
    close: async () => {
      connection.closeSync();
      database.closeSync();
    },
  };
}

function refusal(error: unknown): PlatformError {
  const message = messageOf(error);
  if (!message.startsWith('Out of Memory Error'))
    return new PlatformError('VALIDATION_ERROR', `Cannot run the query: ${message}`.slice(0, 2000), { cause: error });
  const details = { limit: 'memory of a query or an export' };
  return new PlatformError('LIMIT_EXCEEDED', 'Cannot run the query: it takes more memory than it may', { details, cause: error });
}
