import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import { z } from 'zod';

/** How long an answer is kept, in milliseconds. */
const KEPT_MS = 24 * 60 * 60_000;

/** The answer to a request, as it was sent. */
export interface KeptResponse {
  /** Digest of the body of the request: the same key with another body is another request. */
  readonly requestDigest: string;
  readonly status: number;
  readonly contentType: string;
  /** Headers that belong to the answer, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What was answered to requests that have an Idempotency-Key, for a day, in a SQLite file of the server's own. */
export class KeptResponses implements Disposable {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;

  /** Opens the file `responses.db` in a folder that this process holds. Throws STORE_FAILED. */
  constructor({ dir, durability, clock }: { dir: string; durability: 'process' | 'full'; clock: Clock }) {
    this.#clock = clock;
    this.#database = guarded('open', () => {
      const database = new DatabaseSync(join(dir, 'responses.db'));
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
        CREATE TABLE IF NOT EXISTS responses (
          key TEXT NOT NULL PRIMARY KEY, request_digest TEXT NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL,
          body TEXT NOT NULL, created_at INTEGER NOT NULL, headers TEXT NOT NULL DEFAULT '{}') STRICT;
        CREATE INDEX IF NOT EXISTS responses_by_age ON responses (created_at);`);
      // A file of before has no headers.
      if (
        !database
          .prepare('PRAGMA table_info(responses)')
          .all()
          .some(({ name }) => name === 'headers')
      )
        database.exec("ALTER TABLE responses ADD COLUMN headers TEXT NOT NULL DEFAULT '{}'");
      return database;
    });
  }

  /** The answer that was given under a key, unless it is too old. */
  find(key: string): KeptResponse | undefined {
    return guarded('read', () => {
      const since = this.#clock.now() - KEPT_MS;
      const row = this.#database.prepare('SELECT * FROM responses WHERE key = ? AND created_at > ?').get(key, since);
      if (row === undefined) return undefined;
      return {
        requestDigest: String(row['request_digest']),
        status: Number(row['status']),
        contentType: String(row['content_type']),
        headers: z.record(z.string(), z.string()).parse(JSON.parse(String(row['headers']))),
        body: String(row['body']),
      };
    });
  }

  /** Keeps an answer; it is on disk when this returns. Those that are too old go. */
  keep(key: string, { requestDigest, status, contentType, headers, body }: KeptResponse): void {
    guarded('write', () => {
      const now = this.#clock.now();
      this.#database.prepare('DELETE FROM responses WHERE created_at <= ?').run(now - KEPT_MS);
      this.#database
        .prepare(
          'INSERT OR REPLACE INTO responses (key, request_digest, status, content_type, body, created_at, headers) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(key, requestDigest, status, contentType, body, now, JSON.stringify(headers));
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function guarded<T>(verb: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new PlatformError('STORE_FAILED', `Cannot ${verb} the answers that are kept: ${messageOf(error)}`, { cause: error });
  }
}
