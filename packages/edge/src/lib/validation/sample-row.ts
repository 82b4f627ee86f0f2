import {
  type Json,
  type Sample,
  isoTime,
  sampleReasonSchema,
  sampleStateSchema,
  validationRecordSchema,
} from '@loopwright/protocol';
import { z } from 'zod';

/** A row of the table of samples. */
export const sampleRowSchema = z.object({
  no: z.number(),
  sample_id: z.string(),
  task_id: z.string(),
  program_id: z.string(),
  version: z.number().nullable(),
  input: z.string(),
  output: z.string(),
  reason: sampleReasonSchema,
  confidence: z.number().nullable(),
  slice: z.string(),
  state: sampleStateSchema,
  created_at: z.number(),
  claimed_by: z.string().nullable(),
  claimed_until: z.number().nullable(),
  done_by: z.string().nullable(),
  done_at: z.number().nullable(),
  validation: z.string().nullable(),
});

/** A row as it goes over HTTP; a claim that has ended is none. */
export function rowToSample(row: z.infer<typeof sampleRowSchema>, now: number): Sample {
  const hasEnded = row.state === 'claimed' && (row.claimed_until ?? 0) <= now;
  const isClaimed = row.state === 'claimed' && !hasEnded;
  return {
    sample_id: row.sample_id,
    task_id: row.task_id,
    program_id: row.program_id,
    version: row.version,
    input_data: JSON.parse(row.input) as Json,
    output_data: JSON.parse(row.output) as Json,
    reason: row.reason,
    confidence: row.confidence,
    slice: row.slice,
    state: hasEnded ? 'open' : row.state,
    created_at: isoTime(row.created_at),
    claimed_by: isClaimed ? row.claimed_by : null,
    claimed_until: isClaimed && row.claimed_until !== null ? isoTime(row.claimed_until) : null,
    answered_by: row.done_by,
    answered_at: row.done_at === null ? null : isoTime(row.done_at),
    validation: row.validation === null ? null : validationRecordSchema.parse(JSON.parse(row.validation)),
  };
}
