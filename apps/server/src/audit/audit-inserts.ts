import type { CompiledQuery } from 'kysely';
import type { ServerDatabase } from '../database/server-database.ts';
import type { AuditTable } from './audit-table.ts';

/** What an entry does not say unless it is told. */
export const NOTHING_SAID = {
  intent_seq: null,
  user_id: null,
  method: null,
  credential_id: null,
  address: null,
  user_agent: null,
  request_id: null,
  object_kind: null,
  object_id: null,
  project_id: null,
  seen_digest: null,
  body_digest: null,
  before: null,
  after: null,
  status: null,
} as const;

const BLANK: AuditTable = {
  ...NOTHING_SAID,
  seq: 0,
  id: '',
  at: 0,
  kind: 'intent',
  operation: '',
  previous_digest: '',
  digest: '',
};
const COLUMNS = Object.keys(BLANK) as readonly (keyof AuditTable)[];

/** Adds entries to the table, several by one statement. Each change of anything waits for two of them, so the statement for so many is made once. */
export class AuditInserts {
  readonly #database: ServerDatabase;
  readonly #byNumber = new Map<number, CompiledQuery>();

  constructor(database: ServerDatabase) {
    this.#database = database;
  }

  /** Resolves when all of them are on disk; none is when it rejects. */
  async run(rows: readonly AuditTable[]): Promise<void> {
    const query = this.#queryFor(rows.length);
    const parameters = rows.flatMap((row) => COLUMNS.map((column) => row[column]));
    await this.#database.executeQuery({ ...query, parameters });
  }

  #queryFor(number: number): CompiledQuery {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const blanks = Array.from({ length: number }, () => BLANK);
    const made = this.#database.insertInto('audit').values(blanks).compile();
    this.#byNumber.set(number, made);
    return made;
  }
}
