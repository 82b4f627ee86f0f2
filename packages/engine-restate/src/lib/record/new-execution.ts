import type { Execution, ExecutionEvent, StartRequest, WorkflowDefinition } from '@loopwright/engine';
import { insertExecution } from '@loopwright/engine/carrier';

/** What a start records: the execution and the event that tells of it. */
export interface NewExecution {
  readonly execution: Execution;
  readonly event: ExecutionEvent;
}

/** Makes a new execution, pinned to its definition, as the embedded engine does. */
export function newExecution(request: StartRequest, definition: WorkflowDefinition, at: number): NewExecution {
  let event: ExecutionEvent | undefined;
  const execution = insertExecution(
    { insertExecution: () => undefined, appendEvent: (first) => void (event = { ...first, seq: 1 }) },
    request,
    { definition, at },
  );
  if (event === undefined) throw new Error('Cannot start an execution: it tells of nothing');
  return { execution, event };
}
