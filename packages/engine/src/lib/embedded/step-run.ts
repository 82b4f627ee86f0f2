import type { Json } from '@loopwright/protocol';
import type { StepAttempt } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';

/** The largest recorded result of a step, in characters of its JSON text. */
const RESULT_LIMIT_CHARACTERS = 4 * 1024 * 1024;

/** Retries of a `try` are tries of the same intent, so they carry the same key. */
export function idempotencyKeyOf(executionId: string, key: string): string {
  return `${executionId}:${key.replaceAll(/@try-\d+/g, '')}`;
}

/** How a run of a step ended: its value, or its error as a document. */
export type Outcome = Pick<JournalEntry, 'value'> & { readonly state: 'done' | 'failed' };

/** Runs a step and gives what is to be recorded; it never throws. */
export async function runStep(run: (attempt: StepAttempt) => Promise<Json>, attempt: StepAttempt): Promise<Outcome> {
  try {
    const text = JSON.stringify(await run(attempt)) ?? 'null';
    if (text.length <= RESULT_LIMIT_CHARACTERS) return { state: 'done', value: JSON.parse(text) as Json };
    const detail = `Cannot record the result of the step: it has more than ${RESULT_LIMIT_CHARACTERS} characters`;
    return {
      state: 'failed',
      value: new WorkflowError({ type: 'runtime', status: 422, title: 'LIMIT_EXCEEDED', detail }).toJson(),
    };
  } catch (error) {
    return { state: 'failed', value: WorkflowError.from(error).toJson() };
  }
}
