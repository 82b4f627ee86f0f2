import type { Json, JsonObject } from '@loopwright/protocol';
import type { SQLOutputValue } from 'node:sqlite';
import type {
  EarlyAnswer,
  Execution,
  ExecutionEvent,
  JournalEntry,
  StoredDefinition,
  StoredHumanTask,
} from '../execution/execution.ts';

/** A row as the database gives it. */
export type Row = Record<string, SQLOutputValue>;

const text = (row: Row, column: string): string => {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`Cannot read the column "${column}": it holds no text`);
  return value;
};
const textOrNull = (row: Row, column: string): string | null => (row[column] === null ? null : text(row, column));
const integer = (row: Row, column: string): number => {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`Cannot read the column "${column}": it holds no number`);
  return value;
};
const integerOrNull = (row: Row, column: string): number | null => (row[column] === null ? null : integer(row, column));
const json = (row: Row, column: string): Json => (row[column] === null ? null : (JSON.parse(text(row, column)) as Json));

/** Reads a row of `executions`. */
export function toExecution(row: Row): Execution {
  return {
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
}

/** Reads a row of `journal`. */
export function toEntry(row: Row): JournalEntry {
  return {
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
}

/** Reads a row of `human_tasks`. */
export function toHumanTask(row: Row): StoredHumanTask {
  return {
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
}

/** Reads a row of `early_answers`. */
export function toEarlyAnswer(row: Row): EarlyAnswer {
  return {
    executionId: text(row, 'execution_id'),
    step: text(row, 'step'),
    answerId: text(row, 'answer_id'),
    answeredBy: text(row, 'answered_by'),
    answer: json(row, 'answer'),
    receivedAt: integer(row, 'received_at'),
  };
}

/** Reads a row of `events` of an execution. */
export function toEvent(executionId: string, row: Row): ExecutionEvent {
  return {
    executionId,
    seq: integer(row, 'seq'),
    type: text(row, 'type'),
    step: textOrNull(row, 'step'),
    at: integer(row, 'at'),
    data: json(row, 'data') as JsonObject,
  };
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
