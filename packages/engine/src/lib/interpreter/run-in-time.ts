import { type Duration, lengthOf } from '../definition/duration.ts';
import type { DurableContext, StepAddress } from '../context/durable-context.ts';
import type { BranchState } from './frame.ts';

/**
 * Runs a part that must end within a time, on a `$context` of its own: what it exported before it ran out of time does not
 * count, because a replay does not run it again. Throws the standard's `timeout` error, and what the part throws.
 */
export async function runInTime<T>(
  durable: DurableContext,
  address: StepAddress,
  { limit, state, run }: { limit: Duration; state: BranchState; run: (own: BranchState) => Promise<T> },
): Promise<T> {
  const own: BranchState = { context: state.context };
  const ended = await durable.deadline(address, lengthOf(limit), async () => {
    const value = run(own);
    await value.catch(() => undefined);
    return { value };
  });
  state.context = own.context;
  return ended.value;
}
