import { type ExecutionRecord, executionRecordSchema } from '@loopwright/protocol';

/**
 * The line of a record, without its line feed. What the figures of a day are made of stands first and always in this form, so that they can
 * be read without parsing inputs and outputs (`scan-figures.ts`). JSON has no raw line feed: whatever an input holds, it stays one line.
 */
export function recordLine(record: ExecutionRecord, inputJson: string): string {
  const { executed_at, status, latency_ms, sampled_for_validation, version, input_data: _, ...rest } = record;
  const head = JSON.stringify({ executed_at, status, latency_ms, sampled_for_validation, version });
  return `${head.slice(0, -1)},"input_data":${inputJson},${JSON.stringify(rest).slice(1)}`;
}

/** Reads a line; `undefined` for what is no record. */
export function parseRecord(line: string): ExecutionRecord | undefined {
  try {
    return executionRecordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
