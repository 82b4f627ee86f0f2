import { pointerPart } from './json-pointer.ts';
import { z } from 'zod';
import { authenticationSchema } from '../http-call/authentication-policy.ts';
import { endpointSchema } from '../http-call/call-arguments.ts';
import { durationRuleSchema } from './duration.ts';
import { type NamedTask, errorSchema, readTask, retrySchema, taskListSchema } from './task.ts';

/** Kinds of tasks that an extension can be for; `composite` are `do` and `fork`. */
const extensionTargetSchema = z.enum([
  'call',
  'composite',
  'emit',
  'for',
  'listen',
  'raise',
  'run',
  'set',
  'switch',
  'try',
  'wait',
  'all',
]);

const extensionSchema = z.strictObject({
  extend: extensionTargetSchema,
  when: z.string().optional(),
  before: taskListSchema.optional(),
  after: taskListSchema.optional(),
});

/** What is done before and after the tasks of a kind. */
export interface Extension extends z.infer<typeof extensionSchema> {
  readonly name: string;
  /** JSON pointer of the extension in the definition. */
  readonly pointer: string;
}

const extensionsSchema = z
  .array(
    z.record(z.string(), extensionSchema).refine((item) => Object.keys(item).length === 1, {
      error: 'An extension is an item with exactly one key, its name',
    }),
  )
  .max(100)
  .transform((items): Extension[] =>
    items.flatMap((item, index) =>
      Object.entries(item).map(([name, { extend, when, before, after }]) => {
        const pointer = `/use/extensions/${index}/${pointerPart(name)}`;
        return { name, pointer, extend, when, before, after };
      }),
    ),
  );

const functionsSchema = z.record(z.string(), z.unknown()).transform((functions, context): Record<string, NamedTask> => {
  const read = Object.entries(functions).map(([name, value]) => [name, readTask(name, value, context)] as const);
  return Object.fromEntries(read.flatMap(([name, task]) => (task === undefined ? [] : [[name, task]])));
});

/** The reusable parts of a definition that its tasks name. */
export const useSchema = z.strictObject({
  authentications: z
    .record(
      z.string(),
      authenticationSchema.refine((policy) => !('use' in policy), { error: 'A policy cannot be the name of another one' }),
    )
    .optional(),
  catalogs: z.record(z.string(), z.strictObject({ endpoint: endpointSchema })).optional(),
  errors: z.record(z.string(), errorSchema).optional(),
  extensions: extensionsSchema.optional(),
  functions: functionsSchema.optional(),
  retries: z.record(z.string(), retrySchema).optional(),
  secrets: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/))
    .max(100)
    .optional(),
  timeouts: z.record(z.string(), z.strictObject({ after: durationRuleSchema })).optional(),
});
