import { type Json, type ProgramMetadata, type Sample, jsonSchema } from '@loopwright/protocol';
import { z } from 'zod';

/** As many as there are keys. */
const KEYS = 9;

const enumSchema = z.object({ enum: z.array(jsonSchema).min(1) });

/** Outputs that can be chosen by a number: those that the schema allows, or short texts that were answered before. */
export function labelsOf(version: Pick<ProgramMetadata, 'output_schema'> | undefined, seen: readonly Sample[]): Json[] {
  const allowed = enumSchema.safeParse(version?.output_schema);
  if (allowed.success) return allowed.data.enum.slice(0, KEYS);
  const outputs = seen.flatMap(({ output_data: output, validation }) => [
    output,
    ...(validation === null ? [] : [validation.oracle_output]),
  ]);
  const short = outputs.filter((output) => typeof output === 'boolean' || (typeof output === 'string' && output.length <= 40));
  return [...new Set(short)].slice(0, KEYS);
}
