import { type Clock, type Json, type JsonObject, isoTime } from '@loopwright/protocol';
import type { StoreReader } from '../store/store.ts';
import { childOf } from './child-entry.ts';
import { type Execution, type StoredHumanTask, isFinal } from './execution.ts';

/** Why an execution does not move, in fields and in one sentence. */
export interface Why {
  readonly state: string;
  readonly since: string;
  /** Whom or what it waits for: open questions, steps under way. */
  readonly waiting_for: JsonObject[];
  /** The next time it wakes up by itself. */
  readonly next_wakeup: string | null;
  /** What would make it go on. */
  readonly unblock: string | null;
  readonly sentence: string;
}

/** Says why an execution is where it is (DESIGN §5, invariant 7). */
export function explain(read: StoreReader, execution: Execution, clock: Clock): Why {
  const { id, status, statusSince, error } = execution;
  const journal = read.journal(id);
  const questions = read.humanTasks({ executionId: id, state: 'open', limit: 100 });
  const steps = journal.filter(({ kind, state }) => kind === 'step' && state === 'running');
  const children = journal.flatMap((entry) => {
    const childId = childOf(entry);
    return childId === undefined ? [] : [{ childId, step: entry.name, since: entry.createdAt }];
  });
  const due = journal.flatMap(({ dueAt, state }) => (state === 'waiting' && dueAt !== null ? [dueAt] : []));
  const base = {
    state: status,
    since: isoTime(statusSince),
    waiting_for: [
      ...questions.map(({ id: taskId, step, kind }) => ({ kind: 'person', task_id: taskId, step_id: step, question: kind })),
      ...children.map(({ childId, step, since }) => ({
        kind: 'execution',
        execution_id: childId,
        step_id: step,
        since: isoTime(since),
      })),
      ...steps.map(({ name, createdAt }) => ({ kind: 'step', step_id: name, since: isoTime(createdAt) })),
    ],
    next_wakeup: due.length === 0 ? null : isoTime(Math.min(...due)),
  };
  const forSeconds = `for ${Math.max(0, Math.round((clock.now() - statusSince) / 1000))} s`;
  if (isFinal(status)) return { ...base, unblock: null, sentence: ended(status, error) };
  if (status === 'paused') {
    return {
      ...base,
      unblock: `POST /api/v1/executions/${id}/resume`,
      sentence: `It is paused ${forSeconds} and goes on when somebody resumes it.`,
    };
  }
  const question = questions[0];
  if (question !== undefined)
    return {
      ...base,
      ...askedBy(question, id),
      sentence: `It waits ${forSeconds} for a person to answer "${titleOf(question)}" (step ${question.step}).`,
    };
  if (steps[0] !== undefined) return { ...base, unblock: null, sentence: `It is running the step ${steps[0].name}.` };
  const child = children[0];
  if (child !== undefined)
    return {
      ...base,
      unblock: `GET /api/v1/executions/${child.childId}/why`,
      sentence: `It waits for the execution ${child.childId} (step ${child.step}).`,
    };
  if (base.next_wakeup !== null)
    return { ...base, unblock: null, sentence: `It waits for a timer that is due at ${base.next_wakeup}.` };
  return { ...base, unblock: null, sentence: `It is ${status} ${forSeconds}.` };
}

function askedBy(question: StoredHumanTask, id: string): { unblock: string } {
  return { unblock: `POST /api/v1/executions/${id}/${question.kind} with task_id "${question.id}"` };
}

function titleOf({ request }: StoredHumanTask): string {
  const title: Json =
    request !== null && typeof request === 'object' && !Array.isArray(request) ? (request['title'] ?? null) : null;
  return typeof title === 'string' ? title : 'a question';
}

function ended(status: string, error: Json): string {
  const detail = error !== null && typeof error === 'object' && !Array.isArray(error) ? error['detail'] : undefined;
  return status === 'failed' && typeof detail === 'string' ? `It has failed: ${detail}.` : `It has ended: ${status}.`;
}
