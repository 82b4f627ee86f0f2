// G1. A statement is one statement: they are sent by the extended protocol, which takes no second one. G2. No operation takes longer than its time; a connection
// on which one failed otherwise than by an error of its statement is never used again. G3. What runs begins with a word of the list: transactions are ours.
import { type Clock, type Json, messageOf, PlatformError, toJson } from '@loopwright/protocol';
import { Client, DatabaseError, Query, type QueryConfig } from 'pg';
import { withDeadline } from '../secrets/deadline.ts';
import type { ServiceConnector } from '../services/service-connector.ts';
import {
  DATABASE_RESULT_LIMIT,
  DATABASE_ROWS_LIMIT,
  databaseConnection,
  type SqlSession,
  type SqlStatement,
} from './database.ts';
import { firstKeyword, numberedPlaceholders } from './numbered-placeholders.ts';

/** What a {@link postgresConnector} works with. */
export interface PostgresConnectorOptions {
  /** `postgres://user:password@host:port/database`; no error shows it. */
  readonly url: string;
  readonly clock: Clock;
  /** Time for an operation, with the connection where there is none, in milliseconds. The server ends a statement after it, too. @default 30 000 */
  readonly timeoutMs?: number;
  /** Connections to the server at once, of all modules together. @default 20 */
  readonly maxConnections?: number;
}

const TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 20;

/** What a statement may begin with. Not among them: transactions, COPY and settings. */
const ALLOWED: ReadonlySet<string> = new Set(
  'SELECT WITH VALUES TABLE INSERT UPDATE DELETE MERGE CREATE ALTER DROP TRUNCATE COMMENT EXPLAIN'.split(' '),
);
/** Those whose count of rows is one of changes. */
const CHANGING: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
/** Classes of SQLSTATE that are about the server, and not about the statement: connection, resources, an operator who intervenes, system, internal. */
const OF_SERVER: ReadonlySet<string> = new Set(['08', '25', '28', '53', '57', '58', 'XX']);
/** Two that another try may not meet: a deadlock, a conflict of transactions. */
const OF_MOMENT: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);

/**
 * A database of PostgreSQL. Each connection of a module is a connection of its own to the server, so that nothing that a statement sets there is met by another. What
 * statements may reach is a matter of the rights of the user in the URL: give it a role that owns its schema and nothing else.
 */
export function postgresConnector(options: PostgresConnectorOptions): ServiceConnector {
  let open = 0;
  const connect = (): PostgresSession => {
    if (open >= (options.maxConnections ?? MAX_CONNECTIONS))
      throw new PlatformError('LIMIT_EXCEEDED', `Cannot open the database: ${open} connections are open`);
    open += 1;
    return new PostgresSession(options, () => (open -= 1));
  };
  const check = async (session: PostgresSession): Promise<void> => {
    await session.query({ sql: 'SELECT 1', params: [] });
  };
  return {
    serviceType: 'Database',
    connect: async () => {
      const session = connect();
      try {
        await check(session);
      } catch (error) {
        await session.close();
        throw error;
      }
      return databaseConnection(session);
    },
    isHealthy: async () => {
      const session = new PostgresSession(options, () => undefined);
      return check(session)
        .then(
          () => true,
          () => false,
        )
        .finally(() => session.close());
    },
  };
}

/** One connection to the server; after a failure the next operation opens another. Operations run one after the other. */
class PostgresSession implements SqlSession {
  readonly #options: PostgresConnectorOptions;
  readonly #onClose: () => void;
  #client: Client | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: PostgresConnectorOptions, onClose: () => void) {
    this.#options = options;
    this.#onClose = onClose;
  }

  query(statement: Required<SqlStatement>): Promise<Record<string, Json>[]> {
    return this.#run((client) => rowsOf(client, statement));
  }

  batch(statements: readonly Required<SqlStatement>[]): Promise<{ changes: number }[]> {
    return this.#run(async (client) => {
      const [only, ...more] = statements;
      // One statement is a transaction by itself.
      if (only !== undefined && more.length === 0) return [await changesOf(client, only)];
      await client.query('BEGIN');
      try {
        const changes: { changes: number }[] = [];
        for (const statement of statements) changes.push(await changesOf(client, statement));
        await client.query('COMMIT');
        return changes;
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#giveUp(this.#client);
  }

  #run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#inTime(work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #inTime<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { clock, timeoutMs: ms = TIMEOUT_MS } = this.#options;
    if (this.#isClosed) throw new PlatformError('VALIDATION_ERROR', 'Cannot use the database: the connection was closed');
    try {
      const expired = (): Error => new Error(`no answer within ${ms} ms`);
      return await withDeadline(
        this.#connected().then((client) => work(client)),
        { clock, ms, expired },
      );
    } catch (error) {
      const told = translate(error);
      if (told.code === 'SERVICE_UNAVAILABLE' || told.code === 'LIMIT_EXCEEDED') this.#giveUp(this.#client);
      throw told;
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const { url, timeoutMs = TIMEOUT_MS } = this.#options;
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: timeoutMs,
      statement_timeout: timeoutMs,
      // A server that is asked nothing more looks now and then whether anybody is there.
      options: '-c client_connection_check_interval=1s',
      application_name: 'loopwright-module',
    });
    this.#client = client;
    // Who waits for an operation learns of it; the event as such must have a listener.
    client.on('error', () => this.#giveUp(client));
    try {
      await client.connect();
      return client;
    } catch (cause) {
      this.#giveUp(client);
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot open the database: its server cannot be reached or refused', {
        cause,
      });
    }
  }

  /** Breaks the connection off: what the server still says on it is nobody's. */
  #giveUp(client: Client | undefined): void {
    if (client === undefined) return;
    if (this.#client === client) this.#client = undefined;
    client.end().catch(() => undefined);
    client.connection.stream.destroy();
  }
}

function checkStatement(sql: string): void {
  const keyword = firstKeyword(sql);
  if (ALLOWED.has(keyword)) return;
  throw new PlatformError(
    'VALIDATION_ERROR',
    `Cannot carry out the statement: it begins with ${keyword === '' ? 'no word' : keyword.slice(0, 50)}, which is none of ${[...ALLOWED].join(', ')}`,
  );
}

/** Runs one statement; `onRow` is called with its rows, and may end it with an error. */
function run(
  client: Client,
  { sql, params }: Required<SqlStatement>,
  onRow: (row: Record<string, unknown>) => void,
): Promise<{ readonly command: string; readonly rowCount: number | null }> {
  checkStatement(sql);
  return new Promise((resolve, reject) => {
    let hasFailed = false;
    // Its types do not know the mode: without it a statement with no parameters would go as a text of several.
    const config: QueryConfig & { readonly queryMode: 'extended' } = {
      text: numberedPlaceholders(sql),
      values: [...params],
      queryMode: 'extended',
    };
    const query = client.query(new Query(config));
    query.on('row', (row: Record<string, unknown>) => {
      if (hasFailed) return;
      try {
        onRow(row);
      } catch (error) {
        hasFailed = true;
        reject(error);
      }
    });
    query.on('end', resolve);
    query.on('error', reject);
  });
}

/** Reads rows as they come and breaks off at the limits, so that a result of any size costs no more memory than they allow. */
async function rowsOf(client: Client, statement: Required<SqlStatement>): Promise<Record<string, Json>[]> {
  const rows: Record<string, Json>[] = [];
  let size = 0;
  await run(client, statement, (row) => {
    const read = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(value)]));
    size += JSON.stringify(read).length;
    if (rows.length === DATABASE_ROWS_LIMIT || size > DATABASE_RESULT_LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', 'Cannot read the rows: they are too many', {
        details: { rows: DATABASE_ROWS_LIMIT, characters: DATABASE_RESULT_LIMIT },
      });
    rows.push(read);
  });
  return rows;
}

/** Rows that a statement gives back are not asked for here, and not kept. */
async function changesOf(client: Client, statement: Required<SqlStatement>): Promise<{ changes: number }> {
  const { command, rowCount } = await run(client, statement, () => undefined);
  return { changes: CHANGING.has(command) ? (rowCount ?? 0) : 0 };
}

function jsonOf(value: unknown): Json {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  return toJson(value);
}

function translate(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const state = error instanceof DatabaseError ? (error.code ?? '') : '';
  // The driver's own errors of parameters and results come without one, as do those of the network.
  if (state === '' || OF_SERVER.has(state.slice(0, 2)))
    return new PlatformError('SERVICE_UNAVAILABLE', 'Cannot use the database: its server does not answer or gave up', {
      cause: error,
    });
  const code = OF_MOMENT.has(state) ? 'SERVICE_UNAVAILABLE' : 'VALIDATION_ERROR';
  return new PlatformError(code, `Cannot carry out the statement: ${messageOf(error).slice(0, 500)}`, { cause: error });
}
