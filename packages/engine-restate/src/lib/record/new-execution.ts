import type { ExecutionEvent, StartRequest, WorkflowDefinition } from '@loopwright/engine';
import { insertExecution } from '@loopwright/engine/carrier';
import type { NewExecution } from './execution-record.ts';

/** Makes a new execution, pinned to its definition, as the embedded engine does. */
export function newExecution(request: StartRequest, definition: WorkflowDefinition, at: number): NewExecution {
  const events: ExecutionEvent[] = [];
  const execution = insertExecution(
    {
      insertExecution: () => undefined,
      appendEvent: (event) => void events.push({ ...event, seq: events.length + 1 }),
    },
    request,
    // Budgets and queues were refused.
    { definition, at, plan: { status: 'running', record: () => undefined } },
  );
  return { execution, events };
}
