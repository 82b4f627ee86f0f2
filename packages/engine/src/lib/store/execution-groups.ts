import type { DatabaseSync } from 'node:sqlite';
import type { ExecutionStatus } from '../execution/execution.ts';

/** The executions of one workflow and project that have one status. */
export interface ExecutionGroup {
  readonly no: number;
  readonly workflow: string;
  readonly projectId: string;
  readonly status: ExecutionStatus;
}

/**
 * Counts the executions of each group. Changes are gathered and written once before each commit; after a rollback all
 * that is known here is read again.
 */
export class ExecutionGroups {
  readonly #database: DatabaseSync;
  readonly #byNo = new Map<number, ExecutionGroup>();
  readonly #byKey = new Map<string, ExecutionGroup>();
  readonly #changes = new Map<number, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#read();
  }

  /** The group of a number that an execution has. */
  byNo(no: number): ExecutionGroup {
    const group = this.#byNo.get(no);
    if (group === undefined) throw new RangeError(`Cannot find the group ${no} of an execution`);
    return group;
  }

  /** The group of these facts; it is made when it is the first of its kind. */
  of(workflow: string, projectId: string, status: ExecutionStatus): ExecutionGroup {
    const known = this.#byKey.get(keyOf(workflow, projectId, status));
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.#database
      .prepare('INSERT INTO execution_groups (workflow, project_id, status, count) VALUES (?, ?, ?, 0)')
      .run(workflow, projectId, status);
    const group = { no: Number(lastInsertRowid), workflow, projectId, status };
    this.#keep(group);
    return group;
  }

  /** Counts executions that come to a group, or leave it with a negative number. */
  count(group: ExecutionGroup, difference: number): void {
    this.#changes.set(group.no, (this.#changes.get(group.no) ?? 0) + difference);
  }

  /** Writes what was counted in the open transaction. */
  flush(): void {
    if (this.#changes.size === 0) return;
    const statement = this.#database.prepare('UPDATE execution_groups SET count = count + ? WHERE no = ?');
    for (const [no, difference] of this.#changes) if (difference !== 0) statement.run(difference, no);
    this.#changes.clear();
  }

  /** Drops what was counted or made in a transaction that is rolled back; call it after the rollback. */
  forget(): void {
    this.#changes.clear();
    this.#byNo.clear();
    this.#byKey.clear();
    this.#read();
  }

  #read(): void {
    for (const row of this.#database.prepare('SELECT no, workflow, project_id, status FROM execution_groups').all()) {
      this.#keep({
        no: Number(row['no']),
        workflow: String(row['workflow']),
        projectId: String(row['project_id']),
        status: String(row['status']) as ExecutionStatus,
      });
    }
  }

  #keep(group: ExecutionGroup): void {
    this.#byNo.set(group.no, group);
    this.#byKey.set(keyOf(group.workflow, group.projectId, group.status), group);
  }
}

function keyOf(workflow: string, projectId: string, status: string): string {
  return `${status}\0${workflow}\0${projectId}`;
}
