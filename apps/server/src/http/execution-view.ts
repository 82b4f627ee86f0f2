import { type Execution, type Engine, type JournalEntry, type StoredHumanTask, restartRecordIn } from '@loopwright/engine';
import {
  DEFAULT_PRIORITY,
  type ExecutionResponse,
  type HumanTask,
  humanTaskAssigneeSchema,
  type Json,
  type JsonObject,
  type Question,
  isoTime,
  questionSchema,
} from '@loopwright/protocol';

const assignee = humanTaskAssigneeSchema.nullish();

type EngineView = Pick<Engine, 'read' | 'budget'>;

/** The state of an execution as the wire has it. */
export function executionView(engine: EngineView, execution: Execution): ExecutionResponse {
  return engine.read.together(() => viewOf(engine, execution));
}

function viewOf(engine: EngineView, execution: Execution): ExecutionResponse {
  const { read } = engine;
  const open = read.humanTasks({ executionId: execution.id, state: 'open', limit: 100 });
  const error = asObject(execution.error);
  const journal = read.journal(execution.id);
  const restart = restartRecordIn(journal);
  const shared = new Set(restart?.shared);
  return {
    execution_id: execution.id,
    workflow_id: execution.workflow,
    project_id: execution.projectId,
    status: execution.status,
    current_step_id: execution.currentStep,
    completed_steps: read.completedSteps(execution.id),
    pending_acceptance: pendingAcceptance(open),
    pending_clarification: pendingClarification(open),
    step_progress: journal
      .filter(({ kind }) => kind === 'step' || kind === 'ask' || kind === 'timer' || kind === 'child')
      .sort((a, b) => a.createdAt - b.createdAt || (a.recordedAt ?? Infinity) - (b.recordedAt ?? Infinity))
      .map((entry) => progressOf(entry, open, shared)),
    started_at: isoTime(execution.createdAt),
    completed_at: timeOrNull(execution.completedAt),
    error: typeof error?.['detail'] === 'string' ? error['detail'] : null,
    error_document: error,
    output: execution.output,
    started_by: execution.startedBy,
    parent_execution_id: execution.parent?.executionId ?? null,
    child_execution_ids: read.children(execution.id),
    definition: { version: execution.version, digest: execution.definitionDigest },
    priority: read.limits.admission(execution.id)?.priority ?? DEFAULT_PRIORITY,
    budget: engine.budget(execution) ?? null,
    restarted_from: restart === undefined ? null : { execution_id: restart.execution_id, task: restart.task, key: restart.key },
  };
}

/** A human task as the wire has it. */
export function humanTaskView(task: StoredHumanTask): HumanTask {
  const request = asObject(task.request) ?? {};
  return {
    task_id: task.id,
    execution_id: task.executionId,
    workflow_id: task.workflow,
    step_id: task.step,
    kind: task.kind,
    title: textOr(request['title'], task.step),
    message: typeof request['message'] === 'string' ? request['message'] : null,
    state: task.state,
    for: assigneeOf(request['for']),
    questions: questionsOf(task),
    doc_type: typeof request['doc_type'] === 'string' ? request['doc_type'] : null,
    scope_id: typeof request['scope_id'] === 'string' ? request['scope_id'] : null,
    subject: request['subject'] ?? null,
    subject_digest: task.subjectDigest,
    created_at: isoTime(task.createdAt),
    expires_at: timeOrNull(task.expiresAt),
    answered_at: timeOrNull(task.answeredAt),
    answered_by: task.answeredBy,
    answer: task.answer,
  };
}

/** Whom a question is for, as it was stored; `null` for anybody. */
export function assigneeOf(stored: Json | undefined): HumanTask['for'] {
  return assignee.parse(stored) ?? null;
}

function pendingAcceptance(open: readonly StoredHumanTask[]): ExecutionResponse['pending_acceptance'] {
  const task = open.find(({ kind }) => kind === 'acceptance');
  if (task === undefined) return null;
  const { doc_type, scope_id, subject, task_id, subject_digest } = humanTaskView(task);
  return { doc_type: doc_type ?? '', scope_id, document_preview: subject, task_id, subject_digest };
}

function pendingClarification(open: readonly StoredHumanTask[]): ExecutionResponse['pending_clarification'] {
  const task = open.find(({ kind }) => kind === 'clarification');
  if (task === undefined) return null;
  return {
    step_id: task.step,
    questions: questionsOf(task).map((question) => ({
      id: question.id,
      text: question.text,
      context: question.intent ?? null,
      priority: question.priority,
      answer_type: question.answer_type,
      choices: question.choices ?? null,
      default: question.default ?? null,
      required: question.required,
    })),
    task_id: task.id,
    subject_digest: task.subjectDigest,
  };
}

const STEP_STATUS: Record<JournalEntry['state'], ExecutionResponse['step_progress'][number]['status']> = {
  running: 'executing',
  waiting: 'waiting',
  done: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

function progressOf(
  { name, key, state, createdAt, recordedAt }: JournalEntry,
  open: readonly StoredHumanTask[],
  shared: ReadonlySet<string>,
): ExecutionResponse['step_progress'][number] {
  const isClarifying = open.some((task) => task.key === key && task.kind === 'clarification');
  return {
    step_id: name,
    key,
    status: isClarifying ? 'clarifying' : STEP_STATUS[state],
    started_at: isoTime(createdAt),
    completed_at: timeOrNull(recordedAt),
    attempt: Number(/@try-(\d+)/.exec(key)?.[1] ?? 1),
    shared: shared.has(key),
  };
}

function questionsOf(task: StoredHumanTask): Question[] {
  const questions = asObject(task.request)?.['questions'];
  return Array.isArray(questions) ? questions.map((question) => questionSchema.parse(question)) : [];
}

function asObject(value: Json): JsonObject | null {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function timeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds);
}
