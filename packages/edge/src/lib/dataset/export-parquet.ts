import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type DailyAnalytics, PlatformError, analyticsFiguresSchema, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { type Connected, type DayQueriesOptions, connectDays, openDuckDb, quoted } from './days-in-duckdb.ts';

/**
 * Memory of an export, in MiB. DuckDB reads 2,048 records at once: with 30 KB each it takes some 260 MB of it, and what takes more is refused.
 */
const MEMORY_MIB = 400;

/**
 * Writes the executions of some days to a Parquet file, in no order that can be relied on. The file is there completely or not at all.
 *
 * @returns how many records
 * @throws PlatformError SERVICE_UNAVAILABLE without DuckDB; STORE_FAILED; LIMIT_EXCEEDED: inputs or outputs are too large for its memory
 */
export async function executionsToParquet(options: DayQueriesOptions, path: string): Promise<number> {
  return writeRows(await connectDays({ memoryMiB: MEMORY_MIB, ...options }), 'executions', path);
}

/**
 * Writes figures to a Parquet file, a row for each day. The file is there completely or not at all.
 *
 * @returns how many days
 * @throws PlatformError SERVICE_UNAVAILABLE without DuckDB; STORE_FAILED
 */
export async function figuresToParquet(days: readonly DailyAnalytics[], path: string): Promise<number> {
  const types = Object.entries(analyticsFiguresSchema.shape).map(
    ([name, type]) => `${name}: '${type.safeParse(0.5).success ? 'DOUBLE' : 'BIGINT'}'`,
  );
  const source = `${resolve(path)}.source`;
  try {
    await writeFile(source, days.map((day) => `${JSON.stringify(day)}\n`).join(''));
    const columns = ["date: 'DATE'", ...types].join(', ');
    const rows = `read_json('${quoted(source)}', format = 'newline_delimited', columns = {${columns}})`;
    return await writeRows(await openDuckDb(MEMORY_MIB), rows, path);
  } catch (error) {
    throw failed(path, error);
  } finally {
    await rm(source, { force: true });
  }
}

async function writeRows({ connection, database }: Connected, rows: string, path: string): Promise<number> {
  const next = `${resolve(path)}.next`;
  try {
    // One thread: the programs want the processor too. Without an order it needs not keep what comes later.
    await connection.run(
      `SET temp_directory = '${quoted(dirname(next))}'; SET threads = 1; SET preserve_insertion_order = false`,
    );
    const how = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '32MB'`;
    const written = await connection.runAndReadAll(`COPY (SELECT * FROM ${rows}) TO '${quoted(next)}' (${how})`);
    await rename(next, path);
    return z.object({ Count: z.coerce.number() }).parse(written.getRowObjectsJson()[0]).Count;
  } catch (error) {
    await rm(next, { force: true });
    throw failed(path, error);
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

function failed(path: string, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const message = messageOf(error);
  if (!message.startsWith('Out of Memory Error'))
    return new PlatformError('STORE_FAILED', `Cannot export to "${path}": ${message}`, { cause: error });
  const details = { limit: 'memory of an export in MiB', maximum: MEMORY_MIB };
  return new PlatformError('LIMIT_EXCEEDED', 'Cannot export as Parquet: the inputs are too large for it; CSV takes any size', {
    details,
    cause: error,
  });
}
