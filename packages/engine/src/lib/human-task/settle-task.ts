import type { JsonObject } from '@loopwright/protocol';
import type { StoredHumanTask } from '../execution/execution.ts';
import type { StoreTransaction } from '../store/store.ts';
import { type SubmittedAnswer, checkAnswer } from './answer.ts';
import { requireAnswerer } from './may-answer.ts';
import type { HumanTaskRequest } from './human-task-request.ts';

/** Records a valid answer to an open question, with who and when; gives what the execution gets. Throws FORBIDDEN, INVALID_ANSWER or CONFLICT and changes nothing. */
export function settleTask(
  transaction: StoreTransaction,
  task: StoredHumanTask,
  { answer, answerId, answeredBy, at }: { answer: SubmittedAnswer; answerId: string; answeredBy: string; at: number },
): JsonObject {
  const { id, executionId, step } = task;
  const request = task.request as unknown as HumanTaskRequest;
  const override = requireAnswerer(request, { answer, answeredBy });
  const checked = checkAnswer(request, answer);
  const value = { ...checked, task_id: id, answered_by: answeredBy, answered_at: new Date(at).toISOString(), ...override };
  transaction.updateHumanTask(id, { state: 'answered', answeredAt: at, answeredBy, answerId, answer: value });
  transaction.appendEvent({
    executionId,
    type: task.kind === 'acceptance' ? 'acceptance_decided' : 'clarification_answered',
    step,
    at,
    data: {
      task_id: id,
      answered_by: answeredBy,
      ...(answer.kind === 'acceptance' ? { accepted: answer.accepted } : {}),
      ...override,
    },
  });
  return value;
}
