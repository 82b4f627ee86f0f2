import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Execution, ExecutionStatus } from '../execution/execution.ts';

/** What the executions of one group have in common. */
type GroupFacts = Pick<Execution, 'workflow' | 'projectId' | 'definitionDigest' | 'status'>;

/** The executions of one workflow, project and definition that have one status. */
export interface ExecutionGroup extends GroupFacts {
  readonly no: number;
}

/**
 * Counts the executions of each group. Changes are gathered and written once before each commit, and dropped with
 * a rollback.
 */
export class ExecutionGroups {
  readonly #database: DatabaseSync;
  readonly #add: StatementSync;
  readonly #byNo = new Map<number, ExecutionGroup>();
  readonly #byKey = new Map<string, ExecutionGroup>();
  readonly #changes = new Map<number, number>();
  /** Made in the open transaction. */
  readonly #made: ExecutionGroup[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#add = database.prepare('UPDATE execution_groups SET count = count + ? WHERE no = ?');
    this.#read();
  }

  /** The group of a number that an execution has. */
  byNo(no: number): ExecutionGroup {
    const group = this.#byNo.get(no);
    if (group === undefined) throw new RangeError(`Cannot find the group ${no} of an execution`);
    return group;
  }

  /** The group of these facts; it is made when it is the first of its kind. */
  of(facts: GroupFacts): ExecutionGroup {
    const known = this.#byKey.get(keyOf(facts));
    if (known !== undefined) return known;
    const { workflow, projectId, definitionDigest, status } = facts;
    const { lastInsertRowid } = this.#database
      .prepare('INSERT INTO execution_groups (workflow, project_id, definition_digest, status, count) VALUES (?, ?, ?, ?, 0)')
      .run(workflow, projectId, definitionDigest, status);
    const group = { no: Number(lastInsertRowid), workflow, projectId, definitionDigest, status };
    this.#keep(group);
    this.#made.push(group);
    return group;
  }

  /** Counts executions that come to a group, or leave it with a negative number. */
  count(group: ExecutionGroup, difference: number): void {
    this.#changes.set(group.no, (this.#changes.get(group.no) ?? 0) + difference);
  }

  /** Writes what was counted in the open transaction. */
  flush(): void {
    if (this.#changes.size === 0) return;
    for (const [no, difference] of this.#changes) if (difference !== 0) this.#add.run(difference, no);
    this.#changes.clear();
  }

  /** Takes note that the transaction was committed. */
  committed(): void {
    this.#made.length = 0;
  }

  /** Drops what was counted and made in a transaction that is rolled back. */
  forget(): void {
    this.#changes.clear();
    for (const group of this.#made.splice(0)) {
      this.#byNo.delete(group.no);
      this.#byKey.delete(keyOf(group));
    }
  }

  #read(): void {
    for (const row of this.#database
      .prepare('SELECT no, workflow, project_id, definition_digest, status FROM execution_groups')
      .all()) {
      this.#keep({
        no: Number(row['no']),
        workflow: String(row['workflow']),
        projectId: String(row['project_id']),
        definitionDigest: String(row['definition_digest']),
        status: String(row['status']) as ExecutionStatus,
      });
    }
  }

  #keep(group: ExecutionGroup): void {
    this.#byNo.set(group.no, group);
    this.#byKey.set(keyOf(group), group);
  }
}

function keyOf({ workflow, projectId, definitionDigest, status }: GroupFacts): string {
  return `${status}\0${workflow}\0${projectId}\0${definitionDigest}`;
}
