import { createHash } from 'node:crypto';
import { toJson } from '@loopwright/protocol';
import { digestOf } from '../definition/definition.ts';
import type { StoredHumanTask } from '../execution/execution.ts';
import { type HumanTaskRequest, subjectOf } from './human-task-request.ts';

/** A question that is open. Its id follows from the execution and the key: the same question has the same one in every replay. */
export function newHumanTask(
  place: Pick<StoredHumanTask, 'executionId' | 'key' | 'step' | 'workflow'>,
  request: HumanTaskRequest,
  at: number,
): StoredHumanTask {
  const { executionId, key } = place;
  return {
    ...place,
    id: `task_${createHash('sha256').update(`${executionId}\0${key}`).digest('hex').slice(0, 24)}`,
    kind: request.kind,
    request: toJson(request),
    subjectDigest: digestOf(subjectOf(request)),
    state: 'open',
    createdAt: at,
    expiresAt: request.expires_in_ms === undefined ? null : at + request.expires_in_ms,
    answeredAt: null,
    answeredBy: null,
    answerId: null,
    answer: null,
  };
}
