import type { StepAddress } from '../context/durable-context.ts';
import type { JournalEntry } from '../execution/execution.ts';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { newEntry } from './new-entry.ts';

/** The failure to record for something that would be one too many, or `undefined` while there is room. */
export function refuseOver(
  { kind, address, at }: { kind: JournalEntry['kind']; address: StepAddress; at: number },
  { of, open, limit }: { of: string; open: number; limit: number },
): JournalEntry | undefined {
  if (open < limit) return undefined;
  const detail = `Cannot wait in "${address.name}": the execution has ${limit} ${of}, which is the limit`;
  const error = new WorkflowError({ type: 'runtime', status: 422, title: 'LIMIT_EXCEEDED', detail });
  return { ...newEntry(address, kind, at), state: 'failed', value: error.toJson(), recordedAt: at };
}
