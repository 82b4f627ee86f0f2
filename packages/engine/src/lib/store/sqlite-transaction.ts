import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type EarlyAnswer,
  type Execution,
  type ExecutionChange,
  type ExecutionEvent,
  type ExecutionStatus,
  type JournalEntry,
  type StoredDefinition,
  type StoredHumanTask,
  isFinal,
} from '../execution/execution.ts';
import { isResult } from './history-row.ts';
import { type Batch, compactEnded, removeEnded } from './ended-executions.ts';
import { EventPositions, dropPositions } from './event-positions.ts';
import type { EventOwner } from './event-page.ts';
import { ExecutionGroups } from './execution-groups.ts';
import { type KnownExecution, KnownExecutions } from './known-executions.ts';
import { type PendingRecord, PendingRecords } from './pending-records.ts';
import { NOTICES, type Notice, dropNotices, insertNotice } from './notices.ts';
import { assigneeText } from './open-questions.ts';
import { executionValues, humanTaskValues } from './rows.ts';
import { SqliteReader } from './sqlite-reader.ts';
import type { UsedTables } from './sqlite-limits.ts';
import type { StoreTransaction } from './store.ts';
import type { ValueFiles } from './value-files.ts';

/** Commits whose positions are forgotten in one transaction. */
const POSITIONS_A_BATCH = 2000;

/**
 * Reads and writes the tables of the embedded store inside the transaction that is open.
 *
 * T1 What belongs to journal and history is gathered and written by `flush`, before the commit and before whatever reads these tables.
 * T2 What is known of executions without reading them was written or read by this connection, and is forgotten with a rollback.
 */
export class SqliteTransaction extends SqliteReader implements StoreTransaction {
  readonly #pending = new PendingRecords();
  readonly #known = new KnownExecutions();
  readonly #groups: ExecutionGroups;
  readonly #positions: EventPositions;
  readonly #insertEntry: StatementSync;
  readonly #deleteEntry: StatementSync;
  /** Large values that were written, or given up, in the transactions that are not settled yet. */
  readonly #touchedFiles: string[] = [];
  /** Events of the transaction that is open, and the executions that have ended in it. */
  #events: ExecutionEvent[] = [];
  #ended: string[] = [];

  constructor(database: DatabaseSync, files: ValueFiles, used: UsedTables) {
    super(database, files, used);
    this.#groups = new ExecutionGroups(database);
    this.#positions = new EventPositions((sql) => this.prepare(sql));
    this.#insertEntry = this.prepare('INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#deleteEntry = this.prepare('DELETE FROM journal WHERE execution = ? AND key = ?');
  }

  /** Writes all that was gathered; call it before the commit. */
  finish(): void {
    this.flush();
    this.#positions.flush();
  }

  /** Writes what was gathered for the tables that are read here. */
  flush(): void {
    for (const record of this.#pending.take()) this.#write(record);
    this.#groups.flush();
  }

  /** Takes note that the transaction was committed; gives its events and the position of the first one. */
  committed(): { events: readonly ExecutionEvent[]; position: number } {
    this.#groups.committed();
    for (const id of this.#ended) this.#known.drop(id);
    this.#ended = [];
    const events = this.#events;
    this.#events = [];
    return { events, position: this.#positions.committed() };
  }

  /** What was read or counted in a transaction is not true any more once it was rolled back. */
  forget(): void {
    this.#pending.forget();
    this.#known.forget();
    this.#groups.forget();
    this.#positions.forget();
    this.#events = [];
    this.#ended = [];
    this.#touchedFiles.push(...this.files.takeWritten());
  }

  protected override beforeReading(): void {
    this.flush();
  }

  protected override numberOf(id: string): number {
    return this.#knowledgeOf(id)?.no ?? 0;
  }

  override status(id: string): ExecutionStatus | undefined {
    return this.#knowledgeOf(id)?.group.status;
  }

  override eventOwner(executionId: string): EventOwner | undefined {
    const group = this.#knowledgeOf(executionId)?.group;
    return group === undefined ? undefined : { executionId, workflow: group.workflow, projectId: group.projectId };
  }

  override parent(id: string): Execution['parent'] {
    return this.#knowledgeOf(id)?.parent ?? null;
  }

  override execution(id: string): Execution | undefined {
    return this.#knowledgeOf(id) === undefined ? undefined : super.execution(id);
  }

  override entry(executionId: string, key: string): JournalEntry | undefined {
    return this.#pending.entry(this.numberOf(executionId), key) ?? super.entry(executionId, key);
  }

  override keyedEntry(executionId: string, key: string): JournalEntry | undefined {
    return this.#pending.entry(this.numberOf(executionId), key) ?? super.keyedEntry(executionId, key);
  }

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
    const { id, parent } = execution;
    const group = this.#groups.of(execution);
    const { lastInsertRowid } = this.prepare(
      `INSERT INTO executions (id, workflow, version, definition_digest, project_id, started_by, request_digest, status, status_since,
       current_step, input, output, error, created_at, updated_at, completed_at, parent_id, parent_key, depth, group_no)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(...executionValues(execution, this.files), group.no);
    this.#groups.count(group, 1);
    this.#known.set(id, { no: Number(lastInsertRowid), group, parent, rests: false, lastSeq: 0, hasEntries: false });
    this.#holdFiles(Number(lastInsertRowid));
  }

  updateExecution(id: string, change: ExecutionChange, at: number): void {
    const known = this.#knowledgeOf(id);
    if (known === undefined) return;
    const columns: [string, SQLInputValue][] = [['updated_at', at]];
    if (change.status !== undefined) columns.push(['status', change.status], ['status_since', change.statusSince ?? at]);
    if (change.status !== undefined && isFinal(change.status)) this.#ended.push(id);
    const { status = known.group.status, definitionDigest = known.group.definitionDigest } = change;
    if (status !== known.group.status || definitionDigest !== known.group.definitionDigest)
      columns.push(['group_no', this.#regroup(known, { status, definitionDigest })]);
    if (change.currentStep !== undefined) columns.push(['current_step', change.currentStep]);
    if (change.output !== undefined) columns.push(['output', this.files.encode(change.output)]);
    if (change.error !== undefined) columns.push(['error', this.files.encode(change.error)]);
    if (change.version !== undefined) columns.push(['version', change.version]);
    if (change.definitionDigest !== undefined) {
      columns.push(['definition_digest', change.definitionDigest]);
      // What rests under one definition may have something to do under another.
      if (known.rests) this.#setRests(known, false);
    }
    if (change.completedAt !== undefined) columns.push(['completed_at', change.completedAt]);
    const assignments = columns.map(([column]) => `${column} = ?`).join(', ');
    this.prepare(`UPDATE executions SET ${assignments} WHERE no = ?`).run(...columns.map(([, value]) => value), known.no);
    this.#holdFiles(known.no);
  }

  putEntry(executionId: string, entry: JournalEntry): void {
    const known = this.#require(executionId);
    this.#pending.of(known).entries.set(entry.key, entry);
    // Something goes on from here: a restart must look at it.
    if (known.rests && entry.state !== 'waiting') this.#setRests(known, false);
  }

  setResting(executionId: string): void {
    const known = this.#require(executionId);
    if (!known.rests) this.#setRests(known, true);
  }

  insertHumanTask(task: StoredHumanTask): void {
    const { no, group } = this.#require(task.executionId);
    this.prepare('INSERT INTO human_tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      ...humanTaskValues(task, this.files),
      group.projectId,
      assigneeText(task),
    );
    this.#holdFiles(no);
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
    if (this.files.hasWritten) this.#holdFiles(this.numberOf(this.humanTask(id)?.executionId ?? ''));
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
    this.#holdFiles(this.numberOf(executionId));
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

  compactEnded(endedBefore: number): boolean {
    this.flush();
    return this.#keep(compactEnded((sql) => this.prepare(sql), endedBefore));
  }

  removeEnded(endedBefore: number): boolean {
    this.flush();
    return this.#keep(removeEnded((sql) => this.prepare(sql), endedBefore));
  }

  dropPositions(before: number): boolean {
    dropNotices((sql) => this.prepare(sql), before);
    return dropPositions((sql) => this.prepare(sql), before, POSITIONS_A_BATCH);
  }

  probe(): void {
    this.prepare(`INSERT OR REPLACE INTO housekeeping VALUES ('probe', 0, 0)`).run();
  }

  get hasGone(): boolean {
    return this.#touchedFiles.length > 0;
  }

  /** The large values that the transactions since the last call touched: nobody may hold those any more. */
  takeGone(): string[] {
    return this.#touchedFiles.splice(0);
  }

  /** Whether an execution refers to a large value. */
  isHeld(digest: string): boolean {
    return this.prepare('SELECT 1 FROM large_values WHERE digest = ?').get(digest) !== undefined;
  }

  #keep({ more, removed, released }: Batch): boolean {
    if (removed.length > 0) this.#known.forget();
    this.#touchedFiles.push(...released);
    return more;
  }

  /** An execution holds the large values that were just written for it. */
  #holdFiles(no: number): void {
    if (!this.files.hasWritten) return;
    for (const digest of this.files.takeWritten()) {
      this.#touchedFiles.push(digest);
      this.prepare('INSERT OR IGNORE INTO large_values VALUES (?, ?)').run(digest, no);
    }
  }

  announce(notice: Notice, at: number): void {
    const told = insertNotice((sql) => this.prepare(sql), notice, at);
    if (told === undefined) return;
    this.#positions.append(NOTICES, told.event.seq, at);
    this.#events.push(told.event);
  }

  appendEvent({ executionId, type, step, at, data }: Omit<ExecutionEvent, 'seq'>): void {
    const known = this.#require(executionId);
    const seq = (known.lastSeq ?? this.lastSeq(known.no)) + 1;
    known.lastSeq = seq;
    const event: ExecutionEvent = { executionId, seq, type, step, at, data };
    this.#pending.of(known).events.push(event);
    this.#positions.append(known.no, seq, at);
    this.#events.push(event);
  }

  /** Writes what was recorded of one execution: one row of its history, and a row for each entry that is not the result of a step. */
  #write({ execution, entries, events }: PendingRecord): void {
    const { no } = execution;
    const results: JournalEntry[] = [];
    for (const entry of entries.values()) {
      if (!isResult(entry)) {
        this.#writeEntry(no, entry);
        execution.hasEntries = true;
        continue;
      }
      results.push(entry);
      // It may stand there as `running`.
      if (execution.hasEntries) this.#deleteEntry.run(no, entry.key);
    }
    this.history.append(no, execution.lastSeq ?? this.history.lastSeq(no), { events, results });
    this.#holdFiles(no);
  }

  #writeEntry(no: number, { key, kind, state, name, value, dueAt, remainingMs, createdAt, recordedAt }: JournalEntry): void {
    this.#insertEntry.run(no, key, kind, state, name, this.files.encode(value), dueAt, remainingMs, createdAt, recordedAt);
  }

  #knowledgeOf(id: string): KnownExecution | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known ?? undefined;
    const row = this.prepare('SELECT no, group_no, parent_id, parent_key, rests FROM executions WHERE id = ?').get(id);
    if (row === undefined) {
      this.#known.set(id, null);
      return undefined;
    }
    const group = this.#groups.byNo(Number(row['group_no']));
    const parent = row['parent_id'] === null ? null : { executionId: String(row['parent_id']), key: String(row['parent_key']) };
    const read = { no: Number(row['no']), group, parent, rests: row['rests'] === 1, lastSeq: undefined, hasEntries: true };
    this.#known.set(id, read);
    return read;
  }

  #require(id: string): KnownExecution {
    const known = this.#knowledgeOf(id);
    if (known === undefined) throw new RangeError(`Cannot write to the execution "${id}": there is none`);
    return known;
  }

  /** Counts an execution under another status or definition; gives the number of its group. */
  #regroup(known: KnownExecution, change: Pick<Execution, 'status' | 'definitionDigest'>): number {
    this.#groups.count(known.group, -1);
    known.group = this.#groups.of({ ...known.group, ...change });
    this.#groups.count(known.group, 1);
    return known.group.no;
  }

  #setRests(known: KnownExecution, rests: boolean): void {
    known.rests = rests;
    this.prepare('UPDATE executions SET rests = ? WHERE no = ?').run(rests ? 1 : 0, known.no);
  }
}
