import { type Json, type JsonObject, PlatformError, toJson } from '@loopwright/protocol';
import { type WorkflowDefinition, digestOf, everyTaskOf } from '../definition/definition.ts';
import { type Execution, type StoredHumanTask, isFinal } from '../execution/execution.ts';
import { type SubmittedAnswer, checkAnswer } from '../human-task/answer.ts';
import { overLimit } from '../check-value.ts';
import { EARLY_ANSWER_LIMIT } from '../limits.ts';
import type { HumanTaskRequest } from '../human-task/human-task-request.ts';
import { answerBudgetQuestion } from '../limits/answer-budget.ts';
import { isBudgetQuestion } from '../limits/budget-question.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';
import { requireExecution } from './control.ts';
import { recordAnswer } from './open-human-task.ts';

/**
 * Which question an answer is for:
 * - `taskId`: that question and no other;
 * - `step`: the open question of that step; if the step has not asked yet, the answer is kept and given to its question when it does;
 * - neither: the one open question of its kind, if there is exactly one.
 */
export interface AnswerTarget {
  readonly executionId?: string;
  readonly taskId?: string;
  readonly step?: string;
}

/** What became of an answer. */
export interface AnswerOutcome {
  /** `answered` now or by the same answer before; `buffered` until the question is asked. */
  readonly state: 'answered' | 'buffered';
  readonly executionId: string;
  readonly task: StoredHumanTask | undefined;
  /** What the execution is to be given. */
  readonly delivered: OwnedEntry | undefined;
}

/** An answer with what is needed to record it. */
export interface GivenAnswer {
  readonly answer: SubmittedAnswer;
  readonly answerId: string;
  readonly answeredBy: string;
  readonly at: number;
  readonly definition: (digest: string) => WorkflowDefinition | undefined;
}

/**
 * Takes an answer, the first valid one only. Throws INVALID_ANSWER, INVALID_STATE when there is nothing to answer, CONFLICT
 * (with who and when) when somebody else was first, TASK_NOT_FOUND, EXECUTION_NOT_FOUND, STEP_NOT_FOUND.
 */
export function takeAnswer(transaction: StoreTransaction, target: AnswerTarget, given: GivenAnswer): AnswerOutcome {
  const task = findTask(transaction, target, given);
  if (isKeptForAnother(transaction, task, target, given)) throw usedBefore();
  if (task === undefined) return bufferAnswer(transaction, target, given);
  if (task.state === 'answered' && task.answerId === given.answerId) return givenBefore(task, target, given);
  if (task.kind !== given.answer.kind) {
    throw new PlatformError('INVALID_STATE', `Cannot take the ${given.answer.kind}: the question is of the kind "${task.kind}"`);
  }
  if (task.state !== 'open') return settledBefore(task);
  if (isBudgetQuestion(task)) {
    answerBudgetQuestion(transaction, task, given);
    return { state: 'answered', executionId: task.executionId, task: transaction.humanTask(task.id), delivered: undefined };
  }
  const entry = recordAnswer(transaction, task, given);
  const delivered = { executionId: task.executionId, entry };
  return { state: 'answered', executionId: task.executionId, task: transaction.humanTask(task.id), delivered };
}

function findTask(
  transaction: StoreTransaction,
  target: AnswerTarget,
  { answerId, answer: { kind } }: GivenAnswer,
): StoredHumanTask | undefined {
  if (target.taskId !== undefined) {
    const task = transaction.humanTask(target.taskId);
    if (task === undefined || (target.executionId !== undefined && task.executionId !== target.executionId)) {
      throw new PlatformError('TASK_NOT_FOUND', `Cannot find the human task "${target.taskId}"`);
    }
    return task;
  }
  const execution = requireExecution(transaction, target.executionId ?? '');
  const all = transaction.humanTasks({ executionId: execution.id, limit: 10_000 });
  const same = all.find((task) => task.answerId === answerId);
  if (same !== undefined) return same;
  if (target.step !== undefined) {
    // An answer that is too late for its question must not wait for the next visit of the step: it is for what was shown.
    const asked = all.filter(({ step }) => step === target.step);
    return asked.find(({ state }) => state === 'open') ?? asked.at(-1);
  }
  const open = all.filter((task) => task.kind === kind && task.state === 'open');
  if (open.length === 1) return open[0];
  if (open.length > 1) {
    throw new PlatformError('CONFLICT', `Cannot tell which ${kind} is meant: ${open.length} are open`, {
      details: { open: open.map(({ id, step }) => ({ task_id: id, step_id: step })) },
    });
  }
  throw nothingToAnswer(
    execution,
    all.findLast((task) => task.kind === kind),
    kind,
  );
}

function nothingToAnswer(execution: Execution, last: StoredHumanTask | undefined, kind: string): PlatformError {
  const details = {
    status: execution.status,
    ...(last === undefined ? {} : { last: { task_id: last.id, ...whoAndWhen(last) } }),
  };
  return new PlatformError(
    'INVALID_STATE',
    `Cannot take the ${kind}: the execution is ${execution.status} and does not wait for one`,
    { details },
  );
}

/** Whether an answer of this name is kept for a step that has not asked yet, and is now given to another step. */
function isKeptForAnother(
  transaction: StoreTransaction,
  task: StoredHumanTask | undefined,
  target: AnswerTarget,
  given: GivenAnswer,
): boolean {
  const executionId = task?.executionId ?? target.executionId ?? '';
  const step = task?.step ?? target.step;
  const execution = transaction.execution(executionId);
  const definition = execution === undefined ? undefined : given.definition(execution.definitionDigest);
  if (definition === undefined) return false;
  return [...everyTaskOf(definition.document)].some(
    ({ named: { name, task: called } }) =>
      'call' in called && name !== step && transaction.earlyAnswer(executionId, name)?.answerId === given.answerId,
  );
}

/** The same answer sent again has no second effect; another one under its name is refused. */
function givenBefore(task: StoredHumanTask, target: AnswerTarget, { answer }: GivenAnswer): AnswerOutcome {
  const request = task.request as unknown as HumanTaskRequest;
  const sameQuestion = task.kind === answer.kind && (target.step === undefined || target.step === task.step);
  const recorded = task.answer as JsonObject;
  if (!sameQuestion || Object.entries(checkAnswer(request, answer)).some(([name, value]) => !isSame(recorded[name], value)))
    throw usedBefore();
  return { state: 'answered', executionId: task.executionId, task, delivered: undefined };
}

function isSame(one: Json | undefined, other: Json): boolean {
  return one !== undefined && digestOf(one) === digestOf(other);
}

function usedBefore(): PlatformError {
  return new PlatformError('IDEMPOTENCY_CONFLICT', 'Cannot take the answer: its idempotency key was used for another answer');
}

function settledBefore(task: StoredHumanTask): never {
  if (task.state === 'answered') {
    const { answered_by: by, answered_at: when } = whoAndWhen(task);
    throw new PlatformError('CONFLICT', `Cannot take the answer: "${String(by)}" answered at ${String(when)}`, {
      details: whoAndWhen(task),
    });
  }
  throw new PlatformError('INVALID_STATE', `Cannot take the answer: the question is ${task.state}`, {
    details: { state: task.state },
  });
}

function whoAndWhen(task: StoredHumanTask): { state: string; answered_by: string | null; answered_at: string | null } {
  return {
    state: task.state,
    answered_by: task.answeredBy,
    answered_at: task.answeredAt === null ? null : new Date(task.answeredAt).toISOString(),
  };
}

/** Keeps an answer for a question that will be asked: the step must exist and the execution must be able to reach it. */
function bufferAnswer(transaction: StoreTransaction, target: AnswerTarget, given: GivenAnswer): AnswerOutcome {
  const execution = requireExecution(transaction, target.executionId ?? '');
  const step = target.step ?? '';
  const definition = given.definition(execution.definitionDigest);
  const exists =
    definition !== undefined &&
    [...everyTaskOf(definition.document)].some(({ named }) => named.name === step && 'call' in named.task);
  if (!exists)
    throw new PlatformError('STEP_NOT_FOUND', `Cannot find the step "${step}" in the workflow "${execution.workflow}"`);
  if (isFinal(execution.status)) throw nothingToAnswer(execution, undefined, given.answer.kind);
  const early = transaction.earlyAnswer(execution.id, step);
  if (early !== undefined && early.answerId !== given.answerId) {
    throw new PlatformError('CONFLICT', `Cannot take the answer: "${early.answeredBy}" answered before the question was asked`, {
      details: { state: 'buffered', answered_by: early.answeredBy, answered_at: new Date(early.receivedAt).toISOString() },
    });
  }
  if (early !== undefined && !isSame(early.answer, toJson(given.answer))) throw usedBefore();
  if (early === undefined) {
    if (transaction.count('early-answers', execution.id) >= EARLY_ANSWER_LIMIT)
      throw overLimit('an answer before its question', { limit: 'early_answers', maximum: EARLY_ANSWER_LIMIT });
    const { answerId, answeredBy, at } = given;
    transaction.putEarlyAnswer({
      executionId: execution.id,
      step,
      answerId,
      answeredBy,
      answer: toJson(given.answer),
      receivedAt: at,
    });
    transaction.appendEvent({ executionId: execution.id, type: 'answer_buffered', step, at, data: { answered_by: answeredBy } });
  }
  return { state: 'buffered', executionId: execution.id, task: undefined, delivered: undefined };
}
