import type { AnswerOutcome, SubmittedAnswer } from '@loopwright/engine';
import type { AcceptanceRequest, ClarificationRequest } from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { AppParts } from './app.ts';

type Given = {
  /** Why it is given instead of the user whom the question is for. */
  readonly overrideReason?: string | undefined;
} & (
  | { readonly kind: 'acceptance'; readonly executionId?: string; readonly body: AcceptanceRequest }
  | { readonly kind: 'clarification'; readonly executionId?: string; readonly body: ClarificationRequest }
);

/**
 * Hands a person's answer to the engine. Its identity is the idempotency key, so that a caller who lost the response
 * can send it again and is not told that somebody else, himself, was first.
 */
export async function giveAnswer(
  { engine, random }: Pick<AppParts, 'engine' | 'random'>,
  request: Pick<FastifyRequest, 'userId' | 'access' | 'subject'> & { headers: { 'idempotency-key'?: string | undefined } },
  given: Given,
): Promise<AnswerOutcome['state']> {
  const { task_id: taskId, step_id: step, subject_digest: subjectDigest } = given.body;
  const role = request.access.roleOn(request.subject.projectId ?? '');
  const shown = {
    ...(subjectDigest === undefined ? {} : { subjectDigest }),
    ...(role === 'operator' || role === 'admin' ? { role } : {}),
    ...(given.overrideReason === undefined ? {} : { overrideReason: given.overrideReason }),
  };
  const answer: SubmittedAnswer =
    given.kind === 'clarification'
      ? { kind: 'clarification', answers: given.body.answers, ...shown }
      : {
          kind: 'acceptance',
          accepted: given.body.accepted,
          ...shown,
          ...(given.body.comment === undefined ? {} : { comment: given.body.comment }),
        };
  const key = request.headers['idempotency-key'];
  const outcome = await engine.answer(
    {
      ...(given.executionId === undefined ? {} : { executionId: given.executionId }),
      ...(taskId === undefined ? {} : { taskId }),
      ...(step === undefined ? {} : { step }),
    },
    answer,
    { answerId: key === undefined ? random.uuid() : `${request.userId}:${key}`, answeredBy: request.userId },
  );
  return outcome.state;
}
