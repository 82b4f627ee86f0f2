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
import { type Batch, compactEnded, removeEnded } from './ended-executions.ts';
import { SqliteReader } from './sqlite-reader.ts';
import type { StoreTransaction } from './store.ts';

/** How many counters of events are remembered. */
const COUNTERS_KEPT = 100_000;

/** Reads and writes the tables of the embedded store inside the transaction that is open. */
export class SqliteTransaction extends SqliteReader implements StoreTransaction {
  /** Events of the transactions that are not yet handed on. */
  readonly pendingEvents: ExecutionEvent[] = [];
  /** Number of the last event of executions that were written lately. */
  readonly #lastSeq = new Map<number, number>();
  /** Large values that were written, or given up, in the transactions that are not settled yet. */
  readonly #touchedFiles: string[] = [];
  readonly #removed: string[] = [];

  putDefinition({ digest, name, version, source, createdAt }: StoredDefinition): void {
    this.prepare('INSERT OR IGNORE INTO definitions VALUES (?, ?, ?, ?, ?)').run(
      digest,
      name,
      version,
      JSON.stringify(source),
      createdAt,
    );
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
      this.files.encode(input),
      this.files.encode(output),
      this.files.encode(error),
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
    this.#holdFiles(id);
  }

  updateExecution(id: string, change: ExecutionChange, at: number): void {
    const columns: [string, SQLInputValue][] = [['updated_at', at]];
    if (change.status !== undefined) columns.push(['status', change.status], ['status_since', change.statusSince ?? at]);
    if (change.currentStep !== undefined) columns.push(['current_step', change.currentStep]);
    if (change.output !== undefined) columns.push(['output', this.files.encode(change.output)]);
    if (change.error !== undefined) columns.push(['error', this.files.encode(change.error)]);
    if (change.version !== undefined) columns.push(['version', change.version]);
    if (change.definitionDigest !== undefined) columns.push(['definition_digest', change.definitionDigest]);
    if (change.completedAt !== undefined) columns.push(['completed_at', change.completedAt]);
    const assignments = columns.map(([column]) => `${column} = ?`).join(', ');
    this.prepare(`UPDATE executions SET ${assignments} WHERE no = ?`).run(
      ...columns.map(([, value]) => value),
      this.numberOf(id),
    );
    this.#holdFiles(id);
  }

  putEntry(executionId: string, entry: JournalEntry): void {
    const { key, kind, state, name, value, dueAt, remainingMs, createdAt, recordedAt } = entry;
    const values: SQLInputValue[] = [
      this.numberOf(executionId),
      key,
      kind,
      state,
      name,
      this.files.encode(value),
      dueAt,
      remainingMs,
      createdAt,
      recordedAt,
    ];
    this.prepare('INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(...values);
    this.#holdFiles(executionId);
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
      this.files.encode(request),
      subjectDigest,
      state,
      createdAt,
      expiresAt,
      answeredAt,
      answeredBy,
      answerId,
      this.files.encode(answer),
    ];
    this.prepare('INSERT INTO human_tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(...values);
    this.#holdFiles(executionId);
  }

  updateHumanTask(id: string, change: Pick<StoredHumanTask, 'state'> & Partial<StoredHumanTask>): void {
    this.prepare(
      'UPDATE human_tasks SET state = ?, answered_at = ?, answered_by = ?, answer_id = ?, answer = ? WHERE id = ?',
    ).run(
      change.state,
      change.answeredAt ?? null,
      change.answeredBy ?? null,
      change.answerId ?? null,
      this.files.encode(change.answer ?? null),
      id,
    );
    if (this.files.hasWritten) this.#holdFiles(this.humanTask(id)?.executionId ?? '');
  }

  putEarlyAnswer({ executionId, step, answerId, answeredBy, answer, receivedAt }: EarlyAnswer): void {
    this.prepare('INSERT INTO early_answers VALUES (?, ?, ?, ?, ?, ?)').run(
      executionId,
      step,
      answerId,
      answeredBy,
      this.files.encode(answer),
      receivedAt,
    );
    this.#holdFiles(executionId);
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
    this.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)').run(no, seq, type, step, at, this.files.encode(data));
    this.#holdFiles(executionId);
    this.pendingEvents.push({ executionId, seq, type, step, at, data });
  }

  compactEnded(endedBefore: number): boolean {
    return this.#keep(compactEnded((sql) => this.prepare(sql), endedBefore));
  }

  removeEnded(endedBefore: number): boolean {
    return this.#keep(removeEnded((sql) => this.prepare(sql), endedBefore));
  }

  probe(): void {
    this.prepare(`INSERT OR REPLACE INTO housekeeping VALUES ('probe', 0, 0)`).run();
  }

  get hasGone(): boolean {
    return this.#removed.length > 0 || this.#touchedFiles.length > 0;
  }

  /** What the transactions since the last call removed, and the large values they touched: nobody may hold those any more. */
  takeGone(): { executions: string[]; files: string[] } {
    return { executions: this.#removed.splice(0), files: this.#touchedFiles.splice(0) };
  }

  /** Whether an execution refers to a large value. */
  isHeld(digest: string): boolean {
    return this.prepare('SELECT 1 FROM large_values WHERE digest = ?').get(digest) !== undefined;
  }

  #keep({ more, removed, released }: Batch): boolean {
    this.forgetExecutions(removed);
    this.#removed.push(...removed);
    this.#touchedFiles.push(...released);
    return more;
  }

  /** An execution holds the large values that were just written for it. */
  #holdFiles(executionId: string): void {
    if (!this.files.hasWritten) return;
    for (const digest of this.files.takeWritten()) {
      this.#touchedFiles.push(digest);
      this.prepare('INSERT OR IGNORE INTO large_values VALUES (?, ?)').run(digest, this.numberOf(executionId));
    }
  }

  /** What was read or counted in a transaction that is rolled back is not true any more. */
  override forget(): void {
    super.forget();
    this.#lastSeq.clear();
    this.pendingEvents.length = 0;
    this.#touchedFiles.push(...this.files.takeWritten());
  }

  #readLastSeq(no: number): number {
    if (this.#lastSeq.size >= COUNTERS_KEPT) this.#lastSeq.clear();
    const last = this.prepare('SELECT max(seq) AS last FROM events WHERE execution = ?').get(no)?.['last'];
    return typeof last === 'number' ? last : 0;
  }
}
