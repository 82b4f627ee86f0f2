import type { Json } from '@loopwright/protocol';
import type { BranchRun } from '../context/durable-context.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';

/** How a race ended: all well, one winner, or a failure. */
export interface Race {
  readonly outputs: Json[];
  readonly winner: number | undefined;
  readonly failure: WorkflowError | undefined;
}

/** Runs the branches at the same time until it is decided: all ended well, or with `compete` the first did, or none can any more. */
export function raceBranches(parts: readonly BranchRun[], compete: boolean): Promise<Race> {
  const outputs: Json[] = [];
  let open = parts.length;
  return new Promise((resolve) => {
    for (const [index, part] of parts.entries()) {
      const end = (failure: WorkflowError | undefined): void => {
        open -= 1;
        if (failure !== undefined && compete && open > 0) return;
        if (failure === undefined && !compete && open > 0) return;
        resolve({ outputs, winner: compete && failure === undefined ? index : undefined, failure });
      };
      const started = part.run().then((output) => {
        outputs[index] = output;
        return undefined;
      });
      started.then(end, (error: unknown) => end(WorkflowError.from(error)));
    }
  });
}
