import type { JournalEntry } from '@loopwright/engine';
import { type Ending, childOf, isFinal } from '@loopwright/engine/carrier';
import type { ObjectContext } from '@restatedev/restate-sdk';
import type { Changes } from '../record/execution-record.ts';
import type { Head } from '../record/messages.ts';
import { send } from './messaging.ts';
import type { Node } from './node.ts';

/**
 * Tells the executions that this one runs, and the one that runs it, what concerns them. In the embedded engine that is one transaction; here each
 * is an object of its own, and what is sent with a change arrives after it, once and in order.
 */
export function tellRelatives(
  context: ObjectContext,
  node: Node,
  { head, changes, open }: { head: Head; changes: Changes; open: readonly JournalEntry[] },
): void {
  const tell = (key: string, handler: string, message: unknown): void =>
    send(context, { service: node.names.execution, key, handler }, message);
  const at = changes.execution.updatedAt;
  for (const started of changes.started) tell(started.execution.id, 'start', started);
  for (const entry of changes.entries) {
    // It was given up while it waited: the entry still says for whom.
    const child = entry.state === 'cancelled' ? childOf({ ...entry, state: 'waiting' }) : undefined;
    const reason = 'The execution that waited for it gave it up';
    if (child !== undefined) tell(child, 'follow', { do: 'cancel', at, who: context.key, reason });
  }
  const order = orderOf(head.execution.status, changes.execution.status);
  if (order !== undefined) {
    for (const entry of open) {
      const child = childOf(entry);
      if (child !== undefined) tell(child, 'follow', { do: order, at, who: context.key, reason: null });
    }
  }
  const { parent } = changes.execution;
  const ending = parent === null || isFinal(head.execution.status) ? undefined : endingOf(changes);
  if (parent !== null && ending !== undefined)
    tell(parent.executionId, 'ended', { key: parent.key, id: context.key, at, ending });
}

function orderOf(before: string, after: Changes['execution']['status']): 'pause' | 'resume' | undefined {
  if (before === after || isFinal(after)) return undefined;
  if (after === 'paused') return 'pause';
  return before === 'paused' ? 'resume' : undefined;
}

function endingOf({ execution, events }: Changes): Ending | undefined {
  const { status, output, error } = execution;
  if (status === 'completed') return { status, output };
  if (status === 'failed') return { status, error };
  if (status !== 'cancelled') return undefined;
  const data = events.find(({ type }) => type === 'cancelled')?.data ?? {};
  const { cancelled_by: who, reason } = data;
  return { status, by: { who: typeof who === 'string' ? who : '', reason: typeof reason === 'string' ? reason : null } };
}
