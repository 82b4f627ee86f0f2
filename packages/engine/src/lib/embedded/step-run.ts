import type { Json } from '@loopwright/protocol';
import { checkedText } from '../check-value.ts';
import type { StepAttempt } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';

/** Retries of a `try` are tries of the same intent, so they carry the same key. */
export function idempotencyKeyOf(executionId: string, key: string): string {
  return `${executionId}:${key.replaceAll(/@try-\d+/g, '')}`;
}

/** How a run of a step ended: its value, or its error as a document. */
export type Outcome = Pick<JournalEntry, 'value'> & { readonly state: 'done' | 'failed' };

/** Runs a step and gives what is to be recorded; it never throws. */
export async function runStep(run: (attempt: StepAttempt) => Promise<Json>, attempt: StepAttempt): Promise<Outcome> {
  try {
    return { state: 'done', value: JSON.parse(checkedText(await run(attempt), 'a result of the step')) as Json };
  } catch (error) {
    return { state: 'failed', value: WorkflowError.from(error).toJson() };
  }
}
