import type { Json } from '@loopwright/protocol';
import type { SQLInputValue } from 'node:sqlite';
import type {
  EarlyAnswer,
  Execution,
  ExecutionChange,
  ExecutionEvent,
  JournalEntry,
  StoredDefinition,
  StoredHumanTask,
} from '../execution/execution.ts';
import { SqliteReader } from './sqlite-reader.ts';
import type { StoreTransaction } from './store.ts';

/** How many counters of events are remembered. */
const COUNTERS_KEPT = 100_000;

const write = (value: Json): string => JSON.stringify(value);

/** Reads and writes the tables of the embedded store inside the transaction that is open. */
export class SqliteTransaction extends SqliteReader implements StoreTransaction {
  /** Events of the transactions that are not yet handed on. */
  readonly pendingEvents: ExecutionEvent[] = [];
  /** Number of the last event of executions that were written lately. */
  readonly #lastSeq = new Map<number, number>();

  putDefinition({ digest, name, version, source, createdAt }: StoredDefinition): void {
    this.prepare('INSERT OR IGNORE INTO definitions VALUES (?, ?, ?, ?, ?)').run(digest, name, version, write(source), createdAt);
  }

  insertExecution(execution: Execution): void {
    const { id, workflow, version, definitionDigest, projectId, startedBy, requestDigest, status, statusSince } = execution;
    const { currentStep, input, output, error, createdAt, updatedAt, completedAt, parent, depth } = execution;
    const values: SQLInputValue[] = [
      id,
      workflow,
      version,
      definitionDigest,
      projectId,
      startedBy,
      requestDigest,
      status,
      statusSince,
      currentStep,
      write(input),
      write(output),
      write(error),
      createdAt,
      updatedAt,
      completedAt,
      parent?.executionId ?? null,
      parent?.key ?? null,
      depth,
    ];
    this.prepare(
      `INSERT INTO executions (id, workflow, version, definition_digest, project_id, started_by, request_digest, status, status_since,
       current_step, input, output, error, created_at, updated_at, completed_at, parent_id, parent_key, depth)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(...values);
  }

  updateExecution(id: string, change: ExecutionChange, at: number): void {
    const columns: [string, SQLInputValue][] = [['updated_at', at]];
    if (change.status !== undefined) columns.push(['status', change.status], ['status_since', change.statusSince ?? at]);
    if (change.currentStep !== undefined) columns.push(['current_step', change.currentStep]);
    if (change.output !== undefined) columns.push(['output', write(change.output)]);
    if (change.error !== undefined) columns.push(['error', write(change.error)]);
    if (change.version !== undefined) columns.push(['version', change.version]);
    if (change.definitionDigest !== undefined) columns.push(['definition_digest', change.definitionDigest]);
    if (change.completedAt !== undefined) columns.push(['completed_at', change.completedAt]);
    const assignments = columns.map(([column]) => `${column} = ?`).join(', ');
    this.prepare(`UPDATE executions SET ${assignments} WHERE no = ?`).run(
      ...columns.map(([, value]) => value),
      this.numberOf(id),
    );
  }

  putEntry(executionId: string, entry: JournalEntry): void {
    const { key, kind, state, name, value, dueAt, remainingMs, createdAt, recordedAt } = entry;
    const values: SQLInputValue[] = [
      this.numberOf(executionId),
      key,
      kind,
      state,
      name,
      write(value),
      dueAt,
      remainingMs,
      createdAt,
      recordedAt,
    ];
    this.prepare('INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(...values);
  }

  insertHumanTask(task: StoredHumanTask): void {
    const { id, executionId, key, step, workflow, kind, request, subjectDigest, state } = task;
    const { createdAt, expiresAt, answeredAt, answeredBy, answerId, answer } = task;
    const values: SQLInputValue[] = [
      id,
      executionId,
      key,
      step,
      workflow,
      kind,
      write(request),
      subjectDigest,
      state,
      createdAt,
      expiresAt,
      answeredAt,
      answeredBy,
      answerId,
      write(answer),
    ];
    this.prepare('INSERT INTO human_tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(...values);
  }

  updateHumanTask(id: string, change: Pick<StoredHumanTask, 'state'> & Partial<StoredHumanTask>): void {
    this.prepare(
      'UPDATE human_tasks SET state = ?, answered_at = ?, answered_by = ?, answer_id = ?, answer = ? WHERE id = ?',
    ).run(
      change.state,
      change.answeredAt ?? null,
      change.answeredBy ?? null,
      change.answerId ?? null,
      write(change.answer ?? null),
      id,
    );
  }

  putEarlyAnswer({ executionId, step, answerId, answeredBy, answer, receivedAt }: EarlyAnswer): void {
    this.prepare('INSERT INTO early_answers VALUES (?, ?, ?, ?, ?, ?)').run(
      executionId,
      step,
      answerId,
      answeredBy,
      write(answer),
      receivedAt,
    );
  }

  deleteEarlyAnswer(executionId: string, step: string): void {
    this.prepare('DELETE FROM early_answers WHERE execution_id = ? AND step = ?').run(executionId, step);
  }

  addListener(type: string, executionId: string, key: string): void {
    this.prepare('INSERT OR IGNORE INTO listeners VALUES (?, ?, ?)').run(type, executionId, key);
  }

  removeListeners(executionId: string, key: string): void {
    this.prepare('DELETE FROM listeners WHERE execution_id = ? AND key = ?').run(executionId, key);
  }

  appendEvent({ executionId, type, step, at, data }: Omit<ExecutionEvent, 'seq'>): void {
    const no = this.numberOf(executionId);
    const seq = (this.#lastSeq.get(no) ?? this.#readLastSeq(no)) + 1;
    this.#lastSeq.set(no, seq);
    this.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)').run(no, seq, type, step, at, write(data));
    this.pendingEvents.push({ executionId, seq, type, step, at, data });
  }

  /** What was read or counted in a transaction that is rolled back is not true any more. */
  override forget(): void {
    super.forget();
    this.#lastSeq.clear();
    this.pendingEvents.length = 0;
  }

  #readLastSeq(no: number): number {
    if (this.#lastSeq.size >= COUNTERS_KEPT) this.#lastSeq.clear();
    const last = this.prepare('SELECT max(seq) AS last FROM events WHERE execution = ?').get(no)?.['last'];
    return typeof last === 'number' ? last : 0;
  }
}
