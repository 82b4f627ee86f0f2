import type { StatementSync } from 'node:sqlite';
import { type Admission, BUDGET_KINDS, type Budget, type BudgetKind, type LimitsWriter } from './limits-store.ts';
import type { Row } from './rows.ts';

/** What the tables of limits need of the store they are in. */
interface Tables {
  prepare(sql: string): StatementSync;
  /** The number of an execution; 0 when there is none of that id. */
  numberOf(executionId: string): number;
  /** Called before the journal is read. */
  beforeReading(): void;
}

const OF_ADMISSION = 'SELECT id, admissions.* FROM admissions JOIN executions ON no = execution';

/** How far the queue of a workflow is looked through for a key that is not full, before each key is looked at instead. */
const LOOK_AHEAD = 500;

/** Goes from key to key by the index, so that thousands of executions of one full key cost no more than one. */
const FIRST_OF_EACH_KEY = `
  WITH RECURSIVE keys (name) AS (
    SELECT min(key) FROM admissions WHERE workflow = :workflow AND state = 'waiting'
    UNION ALL
    SELECT (SELECT min(key) FROM admissions WHERE workflow = :workflow AND state = 'waiting' AND key > name)
    FROM keys WHERE name IS NOT NULL
  )
  ${OF_ADMISSION} WHERE execution IN (
    SELECT (SELECT execution FROM admissions WHERE workflow = :workflow AND state = 'waiting' AND key = name ORDER BY rank, execution LIMIT 1)
    FROM keys WHERE name IS NOT NULL AND name NOT IN (SELECT value FROM json_each(:full))
  ) ORDER BY rank, execution LIMIT :limit`;

/** A part that was given up may still end, and what it used was used. */
const PAYERS = `
  WITH RECURSIVE payers (place, id, parent_id, parent_key) AS (
    SELECT 0, id, parent_id, parent_key FROM executions WHERE no = ?
    UNION ALL
    SELECT place + 1, above.id, above.parent_id, above.parent_key
    FROM payers JOIN executions AS above ON above.id = payers.parent_id
    JOIN journal ON journal.execution = above.no AND journal.key = payers.parent_key
    WHERE journal.kind = 'child' AND journal.state IN ('waiting', 'cancelled')
  )
  SELECT id FROM payers ORDER BY place`;

/** Which of the tables of limits have rows, as far as somebody has looked: all who use one database share it. */
export type UsedTables = Map<'budgets' | 'admissions', boolean>;

/** Budgets and queues in the embedded store. Whoever uses neither pays one look into each empty table. */
export class SqliteLimits implements LimitsWriter {
  readonly #tables: Tables;
  readonly #used: UsedTables;

  constructor(tables: Tables, used: UsedTables) {
    this.#tables = tables;
    this.#used = used;
  }

  hasBudgets(): boolean {
    return this.#isUsed('budgets');
  }

  payers(executionId: string): string[] {
    this.#tables.beforeReading();
    return this.#tables
      .prepare(PAYERS)
      .all(this.#tables.numberOf(executionId))
      .map((row) => String(row['id']));
  }

  budget(executionId: string): Budget | undefined {
    if (!this.#isUsed('budgets')) return undefined;
    const row = this.#get('SELECT * FROM budgets WHERE execution = ?', this.#tables.numberOf(executionId));
    if (row === undefined) return undefined;
    const numbers = <T>(read: (kind: BudgetKind) => T): Record<BudgetKind, T> =>
      Object.fromEntries(BUDGET_KINDS.map((kind) => [kind, read(kind)])) as Record<BudgetKind, T>;
    return {
      limits: numbers((kind) => row[`${kind}_limit`] as number | null),
      used: numbers((kind) => Number(row[kind])),
      wallSince: row['wall_since'] as number | null,
      reached: row['reached'] as BudgetKind | null,
    };
  }

  putBudget(executionId: string, { limits, used, wallSince, reached }: Budget): void {
    this.#used.set('budgets', true);
    this.#tables
      .prepare(
        `INSERT OR REPLACE INTO budgets (execution, cost_limit, tokens_limit, attempts_limit, wall_limit,
         cost, tokens, attempts, wall, wall_since, reached) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        this.#tables.numberOf(executionId),
        ...BUDGET_KINDS.map((kind) => limits[kind]),
        ...BUDGET_KINDS.map((kind) => used[kind]),
        wallSince,
        reached,
      );
  }

  addition(executionId: string, additionId: string): string | undefined {
    const row = this.#get(
      'SELECT digest FROM budget_additions WHERE execution = ? AND addition_id = ?',
      this.#tables.numberOf(executionId),
      additionId,
    );
    return row === undefined ? undefined : String(row['digest']);
  }

  putAddition(executionId: string, additionId: string, digest: string): void {
    this.#tables
      .prepare('INSERT INTO budget_additions (execution, addition_id, digest) VALUES (?, ?, ?)')
      .run(this.#tables.numberOf(executionId), additionId, digest);
  }

  admission(executionId: string): Admission | undefined {
    if (!this.#isUsed('admissions')) return undefined;
    const row = this.#get(`${OF_ADMISSION} WHERE execution = ?`, this.#tables.numberOf(executionId));
    return row === undefined ? undefined : toAdmission(row);
  }

  putAdmission({ executionId, workflow, key, priority, state, rank }: Admission): void {
    this.#used.set('admissions', true);
    this.#tables
      .prepare('INSERT OR REPLACE INTO admissions (execution, workflow, key, priority, state, rank) VALUES (?, ?, ?, ?, ?, ?)')
      .run(this.#tables.numberOf(executionId), workflow, key, priority, state, rank);
  }

  waiting(workflow: string, fullKeys: readonly string[], limit: number): Admission[] {
    const first = `${OF_ADMISSION} WHERE admissions.workflow = ? AND state = 'waiting' ORDER BY rank, execution LIMIT ?`;
    if (fullKeys.length === 0) return this.#tables.prepare(first).all(workflow, limit).map(toAdmission);
    const full = JSON.stringify(fullKeys);
    const near = this.#tables
      .prepare(`SELECT * FROM (${first}) WHERE key NOT IN (SELECT value FROM json_each(?)) LIMIT ?`)
      .all(workflow, LOOK_AHEAD, full, limit);
    const rows = near.length > 0 ? near : this.#tables.prepare(FIRST_OF_EACH_KEY).all({ workflow, full, limit });
    return rows.map(toAdmission);
  }

  waitingWorkflows(): string[] {
    return this.#tables
      .prepare("SELECT DISTINCT workflow FROM admissions WHERE state = 'waiting'")
      .all()
      .map((row) => String(row['workflow']));
  }

  position({ executionId, workflow, rank }: Admission): { place: number; length: number } {
    const row = this.#get(
      `SELECT count(*) AS length, count(*) FILTER (WHERE (rank, execution) <= (?, ?)) AS place
       FROM admissions WHERE workflow = ? AND state = 'waiting'`,
      rank,
      this.#tables.numberOf(executionId),
      workflow,
    );
    return { place: Number(row?.['place']), length: Number(row?.['length']) };
  }

  admitted(): Admission[] {
    return this.#tables
      .prepare(`${OF_ADMISSION} WHERE state = 'admitted' AND status NOT IN ('completed', 'failed', 'cancelled')`)
      .all()
      .map(toAdmission);
  }

  #get(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#tables.prepare(sql).get(...values);
  }

  /** One process writes the tables, so it is enough to look once. */
  #isUsed(table: 'budgets' | 'admissions'): boolean {
    const known = this.#used.get(table);
    if (known !== undefined) return known;
    const isUsed = this.#get(`SELECT 1 FROM ${table} LIMIT 1`) !== undefined;
    this.#used.set(table, isUsed);
    return isUsed;
  }
}

function toAdmission(row: Row): Admission {
  return {
    executionId: String(row['id']),
    workflow: String(row['workflow']),
    key: String(row['key']),
    priority: Number(row['priority']),
    state: String(row['state']) as Admission['state'],
    rank: Number(row['rank']),
  };
}
