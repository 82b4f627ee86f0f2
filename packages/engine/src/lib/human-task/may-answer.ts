import { PlatformError } from '@loopwright/protocol';
import type { SubmittedAnswer } from './answer.ts';
import type { HumanTaskRequest } from './human-task-request.ts';

/** Instead of whom an answer was given, and why. */
export interface Override {
  readonly instead_of: string;
  readonly override_reason: string;
}

/**
 * Throws FORBIDDEN when a question is for somebody else than who answers. One that is for a role takes that role and those above it; one that is for a user takes
 * an administrator who says why he answers instead, which is given then.
 */
export function requireAnswerer(
  { for: assignee }: Pick<HumanTaskRequest, 'for'>,
  {
    answer: { role, overrideReason: reason },
    answeredBy,
  }: { answer: Pick<SubmittedAnswer, 'role' | 'overrideReason'>; answeredBy: string },
): Override | undefined {
  if (assignee === undefined) return undefined;
  const isMeant = 'user' in assignee ? assignee.user === answeredBy : role === 'admin' || role === assignee.role;
  if (isMeant) return undefined;
  if ('user' in assignee && role === 'admin' && reason !== undefined && reason.trim() !== '')
    return { instead_of: assignee.user, override_reason: reason };
  const whom = 'user' in assignee ? `"${assignee.user}"` : `the role "${assignee.role}"`;
  throw new PlatformError('FORBIDDEN', `Cannot take the answer: the question is for ${whom}`, {
    details: { for: { ...assignee } },
  });
}
