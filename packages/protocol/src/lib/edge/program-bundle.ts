import { z } from 'zod';

/** A version with all its files, as one machine gives it to another. */
export const programBundleSchema = z.object({
  task_id: z.string(),
  version: z.int().min(1),
  /** SHA-256 of the source, hexadecimal. */
  digest: z.string(),
  /** The files by name in base64: `program.ts` and `program.js`, or `program.py`; `metadata.json`, and what lies beside them. */
  files: z.record(z.string().max(200), z.base64()),
});
export type ProgramBundle = z.infer<typeof programBundleSchema>;
