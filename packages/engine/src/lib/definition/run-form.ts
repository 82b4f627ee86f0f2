import { jsonSchema } from '@loopwright/protocol';
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

const scriptRunSchema = z.strictObject({
  script: scriptSchema,
  await: z.boolean().default(true),
  return: z.enum(['stdout', 'stderr', 'code', 'all', 'none']).default('stdout'),
});

/** Another workflow as a part of this one; without an `input` it gets that of the task. */
const workflowRunSchema = z.strictObject({
  workflow: z.strictObject({ namespace: z.string(), name: z.string(), version: z.string(), input: jsonSchema.optional() }),
  await: z.boolean().default(true),
});

/** A script that a definition runs. */
export type ScriptRunForm = z.infer<typeof scriptRunSchema>;
/** A workflow that a definition runs. */
export type WorkflowRunForm = z.infer<typeof workflowRunSchema>;

/** What `run` runs. Shells and containers are refused before this form is looked at. */
export const runSchema = z.unknown().transform((value, context): ScriptRunForm | WorkflowRunForm => {
  const isScript = value !== null && typeof value === 'object' && 'script' in value;
  const parsed = (isScript ? scriptRunSchema : workflowRunSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path: [...path] });
  return z.NEVER;
});
