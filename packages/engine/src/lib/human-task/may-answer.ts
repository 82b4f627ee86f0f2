import { PlatformError } from '@loopwright/protocol';
import type { SubmittedAnswer } from './answer.ts';
import type { HumanTaskRequest } from './human-task-request.ts';

/** Throws FORBIDDEN when a question is for somebody else than who answers. One that is for a role takes that role and those above it. */
export function requireAnswerer(
  { for: assignee }: Pick<HumanTaskRequest, 'for'>,
  { answer: { role }, answeredBy }: { answer: Pick<SubmittedAnswer, 'role'>; answeredBy: string },
): void {
  if (assignee === undefined) return;
  const isMeant = 'user' in assignee ? assignee.user === answeredBy : role === 'admin' || role === assignee.role;
  if (isMeant) return;
  const whom = 'user' in assignee ? `"${assignee.user}"` : `the role "${assignee.role}"`;
  throw new PlatformError('FORBIDDEN', `Cannot take the answer: the question is for ${whom}`, {
    details: { for: { ...assignee } },
  });
}
