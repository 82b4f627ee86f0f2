import { FAULTS, type Fault } from './faulty-store.ts';
import type { Plan } from './plan.ts';
import { simulate } from './simulate.ts';

/** A fault at one write of a plan, and what went wrong after it. */
export interface CrashPoint {
  readonly operation: number;
  readonly fault: Fault;
  readonly problems: readonly string[];
}

/**
 * Runs a plan once for every fault at every write of the store that it makes without faults: before it, inside the transaction, after the
 * commit, refused, and reported as failed. The plan's own faults are left out. Gives every run, in order.
 */
export async function* everyCrashPoint(plan: Plan): AsyncGenerator<CrashPoint> {
  const calm: Plan = {
    ...plan,
    actions: plan.actions.filter(({ action }) => action.kind !== 'fault' && action.kind !== 'crash'),
  };
  const { operations } = await simulate(calm);
  for (let operation = 0; operation < operations; operation += 1) {
    for (const fault of FAULTS) {
      const { problems } = await simulate(calm, (at) => (at === operation ? fault : undefined));
      yield { operation, fault, problems };
    }
  }
}
