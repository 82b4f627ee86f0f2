import * as restate from '@restatedev/restate-sdk';
import type { Node } from './node.ts';
import { UNTIL_IT_WORKS } from './service-names.ts';

/** How long a step may go on before Restate takes the attempt for stalled, in milliseconds: 7 days. */
const STEP_LIMIT_MS = 7 * 24 * 3600_000;

/**
 * The object that lets an execution go on: one turn of the interpreter an invocation, repeated by Restate, on another node if need be, until
 * the turn has ended. What the turn does is recorded in the execution's object under names, not in the journal of this invocation, which holds
 * only the awakeables that woke it: so it has no positions that a newer interpreter could miss, and a parked execution has no invocation.
 */
export function driverObject(node: Node): restate.VirtualObjectDefinition<string, unknown> {
  return restate.object({
    name: node.names.driver,
    handlers: { drive: (context: restate.ObjectContext) => drive(context, node) },
    options: {
      inactivityTimeout: STEP_LIMIT_MS,
      abortTimeout: STEP_LIMIT_MS,
      retryPolicy: UNTIL_IT_WORKS,
      journalRetention: 0,
    },
  });
}

async function drive(context: restate.ObjectContext, node: Node): Promise<void> {
  const signal = context.request().attemptCompletedSignal;
  let wake = context.awakeable<null>();
  let wakeId = wake.id;
  // The turn keeps the invocation from being suspended while a step is under way.
  const turn = context.run('turn', () => node.drive(context.key, { wakeId: () => wakeId, signal }));
  const ended = turn.map(() => 'ended' as const);
  while ((await restate.RestatePromise.race([ended, wake.promise.map(() => 'woken' as const)])) === 'woken') {
    wake = context.awakeable<null>();
    wakeId = wake.id;
    node.woken(context.key, wakeId);
  }
}
