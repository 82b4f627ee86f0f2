import { type Json, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';
import type { ServiceConnection } from '../services/service-connector.ts';

/** A value of a row or of a parameter. Bytes are `{ "base64": … }` in rows. */
export type SqlValue = string | number | boolean | null;
/** One statement and what stands at its `?`. */
export interface SqlStatement {
  readonly sql: string;
  readonly params?: readonly SqlValue[];
}

/** What of a result may cross: more is `LIMIT_EXCEEDED`, ask for less at a time. */
export const DATABASE_ROWS_LIMIT = 10_000;
/** Characters of the JSON of all rows together. */
export const DATABASE_RESULT_LIMIT = 512 * 1024;

const statementSchema = z.strictObject({
  sql: z.string().min(1).max(100_000),
  params: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .max(1000)
    .default([]),
});
const batchSchema = z.array(statementSchema).min(1).max(1000);
const changesSchema = z.array(z.object({ changes: z.int() }));
const rowsSchema = z.array(z.record(z.string(), z.json()));

/** What a connector of a database has to do: the two operations that the others are made of. */
export interface SqlSession {
  /** Reads rows. @throws PlatformError `VALIDATION_ERROR` for a wrong statement, `LIMIT_EXCEEDED` */
  query(statement: Required<SqlStatement>): Promise<Record<string, Json>[]>;
  /** Carries out all of them or none. @throws PlatformError */
  batch(statements: readonly Required<SqlStatement>[]): Promise<{ changes: number }[]>;
  close(): Promise<void>;
}

/** A database, wherever it is. */
export class Database implements AsyncDisposable {
  readonly #connection: ServiceConnection;

  /** @param connection To a service of the kind `Database`; closed with this. */
  constructor(connection: ServiceConnection) {
    this.#connection = connection;
  }

  /** Reads rows. @throws `VALIDATION_ERROR` For a wrong statement. @throws `LIMIT_EXCEEDED` For more than 10 000 rows or 512 KiB. */
  async query(sql: string, params: readonly SqlValue[] = []): Promise<Record<string, Json>[]> {
    return rowsSchema.parse(await this.#connection.perform('query', { sql, params: [...params] }));
  }

  /** Changes rows; gives how many. */
  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    const [only] = await this.batch([{ sql, params }]);
    return only?.changes ?? 0;
  }

  /** Carries out all statements or none; what others see lies before or after all of them. */
  async batch(statements: readonly SqlStatement[]): Promise<{ readonly changes: number }[]> {
    const params = statements.map((statement) => ({ sql: statement.sql, params: [...(statement.params ?? [])] }));
    return changesSchema.parse(await this.#connection.perform('batch', params));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The connection of a session: what every connector of a database gives. */
export function databaseConnection(session: SqlSession): ServiceConnection {
  return {
    perform: async (operation, params) => {
      if (operation === 'query') return session.query(parsed(statementSchema, params));
      if (operation === 'batch') return session.batch(parsed(batchSchema, params));
      throw new PlatformError('VALIDATION_ERROR', 'Cannot carry it out: a database has the operations query and batch');
    },
    close: () => session.close(),
  };
}

function parsed<T>(schema: z.ZodType<T>, params: Json): T {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  throw new PlatformError('VALIDATION_ERROR', 'Cannot carry out the statement: its parameters are wrong');
}
