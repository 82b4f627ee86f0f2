import { type ExecutionRecord, executionRecordSchema } from '@loopwright/protocol';

/**
 * The line of a record, without its line feed. What the figures of a day are made of stands first and always in this form, so that they can
 * be read without parsing inputs and outputs (`scan-figures.ts`). JSON has no raw line feed: whatever an input holds, it stays one line.
 * `inputJson` is what `JSON.stringify` writes of the input. Field by field, because it is on the way of every request.
 */
export function recordLine(record: ExecutionRecord, inputJson: string): string {
  const json = JSON.stringify;
  const orNull = (value: string | number | null): string => (value === null ? 'null' : json(value));
  const counted = `"latency_ms":${orNull(record.latency_ms)},"sampled_for_validation":${record.sampled_for_validation},"version":${record.version}`;
  const head = `{"executed_at":${json(record.executed_at)},"status":"${record.status}",${counted},"input_data":${inputJson}`;
  const named = `"id":${json(record.id)},"program_id":${json(record.program_id)},"task_id":${json(record.task_id)}`;
  const rest = `"memory_usage_mb":${orNull(record.memory_usage_mb)},"error_message":${orNull(record.error_message)}`;
  return `${head},${named},"output_data":${json(record.output_data)},${rest},"validation_id":${orNull(record.validation_id)}}`;
}

/** Reads a line; `undefined` for what is no record. */
export function parseRecord(line: string): ExecutionRecord | undefined {
  try {
    return executionRecordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
