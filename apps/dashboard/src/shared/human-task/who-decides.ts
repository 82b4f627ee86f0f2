import type { HumanTask } from '@loopwright/protocol';
import type { Session } from '../api/session.tsx';

/** Whether somebody may decide a task, as the server would say; the server decides. */
export interface MayDecide {
  /** Why not. */
  readonly reason: string | undefined;
  /** The user whom it is for, when an administrator may decide instead and has to say why. */
  readonly insteadOf: string | undefined;
}

/** Whom a task is for, in words. */
export function forWhom({ for: assignee }: Pick<HumanTask, 'for'>): string {
  if (assignee === null) return 'anybody who may decide';
  if ('user' in assignee) return assignee.user;
  return assignee.role === 'admin' ? 'administrators' : 'operators and administrators';
}

/** What the session allows on a task of a project. */
export function mayDecide({ me, can }: Session, task: Pick<HumanTask, 'for'>, projectId: string): MayDecide {
  const yes = { reason: undefined, insteadOf: undefined };
  if (!can('tasks:decide', projectId)) return { ...yes, reason: 'Your role lets you look at this, and not decide it' };
  const { for: assignee } = task;
  if (assignee === null) return yes;
  const isAdmin = can('projects:admin', projectId);
  if ('role' in assignee)
    return assignee.role === 'operator' || isAdmin ? yes : { ...yes, reason: 'It is for administrators of the project' };
  if (assignee.user === me.user_id) return yes;
  return isAdmin ? { ...yes, insteadOf: assignee.user } : { ...yes, reason: `It is for ${assignee.user}` };
}
