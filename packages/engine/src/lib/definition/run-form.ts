import { z } from 'zod';
import { endpointSchema } from '../http-call/call-arguments.ts';

/** The longest script, in characters. */
const SCRIPT_LIMIT_CHARACTERS = 256 * 1024;

/** What a process gives as the output of its task. */
export type ProcessReturn = 'stdout' | 'stderr' | 'code' | 'all' | 'none';

const textMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const scriptBase = {
  language: z.enum(['js', 'javascript'], 'Cannot run the script: only JavaScript is supported ("js" or "javascript")'),
  stdin: z.string().optional(),
  arguments: z.union([z.array(z.string()).max(1000), z.record(z.string(), z.json())]).optional(),
  environment: textMap.optional(),
};
const scriptSchema = z
  .strictObject({
    ...scriptBase,
    code: z.string().max(SCRIPT_LIMIT_CHARACTERS).optional(),
    source: z.strictObject({ name: z.string().optional(), endpoint: endpointSchema }).optional(),
  })
  .refine(({ code, source }) => (code === undefined) !== (source === undefined), {
    error: 'A script has either its code or its source',
  });

/** What `run` runs: a script. Shells and containers are refused before this form is looked at. */
export const runSchema = z.strictObject({
  script: scriptSchema,
  await: z.boolean().default(true),
  return: z.enum(['stdout', 'stderr', 'code', 'all', 'none']).default('stdout'),
});
