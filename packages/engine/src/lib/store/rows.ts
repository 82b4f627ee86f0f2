import type { Json, JsonObject } from '@loopwright/protocol';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { EarlyAnswer, Execution, JournalEntry, StoredDefinition, StoredHumanTask } from '../execution/execution.ts';
import { type ValueFiles, digestIn } from './value-files.ts';

/** A row as the database gives it. */
export type Row = Record<string, SQLOutputValue>;

export const text = (row: Row, column: string): string => {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`Cannot read the column "${column}": it holds no text`);
  return value;
};
export const textOrNull = (row: Row, column: string): string | null => (row[column] === null ? null : text(row, column));
export const integer = (row: Row, column: string): number => {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`Cannot read the column "${column}": it holds no number`);
  return value;
};
export const integerOrNull = (row: Row, column: string): number | null => (row[column] === null ? null : integer(row, column));
export const json = (row: Row, column: string): Json => {
  const stored = textOrNull(row, column);
  return stored === null || digestIn(stored) !== undefined ? null : (JSON.parse(stored) as Json);
};

/** Puts the large values of a row in place: each is read from its file when somebody asks for it. */
function withFiles<T extends object>(record: T, row: Row, { columns, files }: { columns: string[]; files: ValueFiles }): T {
  for (const column of columns) {
    const stored = row[column];
    if (typeof stored === 'string' && digestIn(stored) !== undefined) readLater(record, column, { stored, files });
  }
  return record;
}

/** Gives a record a property whose value is read from its file when somebody asks for it. */
export function readLater<T extends object>(
  record: T,
  property: string,
  { stored, files }: { stored: string; files: ValueFiles },
): T {
  let value: Json | undefined;
  return Object.defineProperty(record, property, { enumerable: true, get: () => (value ??= files.decode(stored)) });
}

/** Reads a row of `executions`. */
export function toExecution(row: Row, files: ValueFiles): Execution {
  const record: Execution = {
    id: text(row, 'id'),
    workflow: text(row, 'workflow'),
    version: text(row, 'version'),
    definitionDigest: text(row, 'definition_digest'),
    projectId: text(row, 'project_id'),
    startedBy: text(row, 'started_by'),
    requestDigest: text(row, 'request_digest'),
    status: text(row, 'status') as Execution['status'],
    statusSince: integer(row, 'status_since'),
    currentStep: textOrNull(row, 'current_step'),
    input: json(row, 'input'),
    output: json(row, 'output'),
    error: json(row, 'error'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
    completedAt: integerOrNull(row, 'completed_at'),
    parent: row['parent_id'] === null ? null : { executionId: text(row, 'parent_id'), key: text(row, 'parent_key') },
    depth: integer(row, 'depth'),
  };
  return withFiles(record, row, { columns: ['input', 'output', 'error'], files });
}

/** Reads a row of `journal`. */
export function toEntry(row: Row, files: ValueFiles): JournalEntry {
  const record: JournalEntry = {
    key: text(row, 'key'),
    kind: text(row, 'kind') as JournalEntry['kind'],
    state: text(row, 'state') as JournalEntry['state'],
    name: text(row, 'name'),
    value: json(row, 'value'),
    dueAt: integerOrNull(row, 'due_at'),
    remainingMs: integerOrNull(row, 'remaining_ms'),
    createdAt: integer(row, 'created_at'),
    recordedAt: integerOrNull(row, 'recorded_at'),
  };
  return withFiles(record, row, { columns: ['value'], files });
}

/** Reads a row of `human_tasks`. */
export function toHumanTask(row: Row, files: ValueFiles): StoredHumanTask {
  const record: StoredHumanTask = {
    id: text(row, 'id'),
    executionId: text(row, 'execution_id'),
    key: text(row, 'key'),
    step: text(row, 'step'),
    workflow: text(row, 'workflow'),
    kind: text(row, 'kind') as StoredHumanTask['kind'],
    request: json(row, 'request'),
    subjectDigest: text(row, 'subject_digest'),
    state: text(row, 'state') as StoredHumanTask['state'],
    createdAt: integer(row, 'created_at'),
    expiresAt: integerOrNull(row, 'expires_at'),
    answeredAt: integerOrNull(row, 'answered_at'),
    answeredBy: textOrNull(row, 'answered_by'),
    answerId: textOrNull(row, 'answer_id'),
    answer: json(row, 'answer'),
  };
  return withFiles(record, row, { columns: ['request', 'answer'], files });
}

/** Reads a row of `early_answers`. */
export function toEarlyAnswer(row: Row, files: ValueFiles): EarlyAnswer {
  const record: EarlyAnswer = {
    executionId: text(row, 'execution_id'),
    step: text(row, 'step'),
    answerId: text(row, 'answer_id'),
    answeredBy: text(row, 'answered_by'),
    answer: json(row, 'answer'),
    receivedAt: integer(row, 'received_at'),
  };
  return withFiles(record, row, { columns: ['answer'], files });
}

/** Reads a row of `definitions`. */
export function toDefinition(row: Row): StoredDefinition {
  return {
    digest: text(row, 'digest'),
    name: text(row, 'name'),
    version: text(row, 'version'),
    source: json(row, 'source') as JsonObject,
    createdAt: integer(row, 'created_at'),
  };
}

/** The columns of an execution that is inserted, in the order of the statement, but its group. */
export function executionValues(execution: Execution, files: ValueFiles): SQLInputValue[] {
  const { id, workflow, version, definitionDigest, projectId, startedBy, requestDigest, status, statusSince } = execution;
  const { currentStep, input, output, error, createdAt, updatedAt, completedAt, parent, depth } = execution;
  return [
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
    files.encode(input),
    files.encode(output),
    files.encode(error),
    createdAt,
    updatedAt,
    completedAt,
    parent?.executionId ?? null,
    parent?.key ?? null,
    depth,
  ];
}

/** A human task as its columns, in the order of the table; what is large is written to its file. */
export function humanTaskValues(task: StoredHumanTask, files: ValueFiles): SQLInputValue[] {
  const { id, executionId, key, step, workflow, kind, request, subjectDigest, state } = task;
  const { createdAt, expiresAt, answeredAt, answeredBy, answerId, answer } = task;
  return [
    id,
    executionId,
    key,
    step,
    workflow,
    kind,
    files.encode(request),
    subjectDigest,
    state,
    createdAt,
    expiresAt,
    answeredAt,
    answeredBy,
    answerId,
    files.encode(answer),
  ];
}
