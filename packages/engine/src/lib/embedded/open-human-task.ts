import { PlatformError, messageOf } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import type { JournalEntry, StoredHumanTask } from '../execution/execution.ts';
import type { SubmittedAnswer } from '../human-task/answer.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
import { newHumanTask } from '../human-task/new-human-task.ts';
import { settleTask } from '../human-task/settle-task.ts';
import type { StoreTransaction } from '../store/store.ts';

/**
 * Puts a question into the world, or answers it at once with an answer that came before it. An early answer that does
 * not fit is reported in an event and dropped, and the question stays open.
 */
export function openHumanTask(
  transaction: StoreTransaction,
  { executionId, address, request, at }: { executionId: string; address: StepAddress; request: HumanTaskRequest; at: number },
): JournalEntry {
  const workflow = transaction.execution(executionId)?.workflow ?? '';
  const task = newHumanTask({ executionId, key: address.key, step: address.name, workflow }, request, at);
  transaction.insertHumanTask(task);
  const entry: JournalEntry = {
    key: address.key,
    kind: 'ask',
    state: 'waiting',
    name: address.name,
    value: null,
    dueAt: task.expiresAt,
    remainingMs: null,
    createdAt: at,
    recordedAt: null,
  };
  transaction.putEntry(executionId, entry);
  // A question that was on its way when the execution was paused is asked, and the execution stays paused.
  const paused = transaction.status(executionId) === 'paused';
  const status = paused ? {} : ({ status: `waiting_${request.kind}`, statusSince: at } as const);
  transaction.updateExecution(executionId, { currentStep: address.name, ...status }, at);
  transaction.appendEvent({
    executionId,
    type: `waiting_${request.kind}`,
    step: address.name,
    at,
    data: { task_id: task.id, subject_digest: task.subjectDigest },
  });
  return applyEarlyAnswer(transaction, task, at) ?? entry;
}

function applyEarlyAnswer(transaction: StoreTransaction, task: StoredHumanTask, at: number): JournalEntry | undefined {
  const early = transaction.earlyAnswer(task.executionId, task.step);
  if (early === undefined) return undefined;
  transaction.deleteEarlyAnswer(task.executionId, task.step);
  try {
    const answer = early.answer as unknown as SubmittedAnswer;
    if (answer.kind !== task.kind)
      throw new PlatformError('INVALID_ANSWER', `Cannot take the answer: this is a question of the kind "${task.kind}"`);
    return recordAnswer(transaction, task, { answer, answerId: early.answerId, answeredBy: early.answeredBy, at });
  } catch (error) {
    transaction.appendEvent({
      executionId: task.executionId,
      type: 'answer_discarded',
      step: task.step,
      at,
      data: { task_id: task.id, answered_by: early.answeredBy, reason: messageOf(error) },
    });
    return undefined;
  }
}

/** Records a valid answer: the task is closed, the execution may go on. Throws INVALID_ANSWER or CONFLICT and changes nothing. */
export function recordAnswer(
  transaction: StoreTransaction,
  task: StoredHumanTask,
  given: { answer: SubmittedAnswer; answerId: string; answeredBy: string; at: number },
): JournalEntry {
  const { at } = given;
  const value = settleTask(transaction, task, given);
  const entry = closeEntry(transaction, task, { state: 'done', value, at });
  transaction.appendEvent({
    executionId: task.executionId,
    type: 'step_completed',
    step: task.step,
    at,
    data: { key: task.key },
  });
  return entry;
}

/** Closes the journal entry of a human task and lets the execution's status follow what is still open. */
export function closeEntry(
  transaction: StoreTransaction,
  task: StoredHumanTask,
  { state, value, at }: { state: 'done' | 'failed'; value: JournalEntry['value']; at: number },
): JournalEntry {
  const waiting = transaction.entry(task.executionId, task.key);
  const entry: JournalEntry = {
    key: task.key,
    kind: 'ask',
    state,
    name: task.step,
    value,
    dueAt: null,
    remainingMs: null,
    createdAt: waiting?.createdAt ?? at,
    recordedAt: at,
  };
  transaction.putEntry(task.executionId, entry);
  const paused = transaction.status(task.executionId) === 'paused';
  if (!paused) transaction.updateExecution(task.executionId, { status: openStatus(transaction, task.executionId) }, at);
  return entry;
}

/** The status that follows from the questions that are open: waiting for one of them, or running. */
export function openStatus(
  transaction: StoreTransaction,
  executionId: string,
): 'running' | 'waiting_acceptance' | 'waiting_clarification' {
  const open = transaction.humanTasks({ executionId, state: 'open', limit: 1 })[0];
  return open === undefined ? 'running' : `waiting_${open.kind}`;
}
