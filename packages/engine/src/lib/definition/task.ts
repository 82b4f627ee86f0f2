import { type Json, jsonObjectSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import { isExpression } from '../expression/expression.ts';
import { LIST_LIMIT } from '../limits.ts';
import { durationRuleSchema } from './duration.ts';
import { consumptionSchema } from './event-consumption.ts';
import { refuseForm } from './refused-forms.ts';
import { runSchema } from './run-form.ts';

const ruleSchema = z.union([z.string(), jsonObjectSchema]);
const transformSchema = z.strictObject({ from: ruleSchema.optional(), schema: jsonObjectSchema.optional() });
const outputSchema = z.strictObject({ as: ruleSchema.optional(), schema: jsonObjectSchema.optional() });
const timeoutSchema = z.union([z.string(), z.strictObject({ after: durationRuleSchema })]);

const common = {
  if: z.string().optional(),
  input: transformSchema.optional(),
  output: outputSchema.optional(),
  export: outputSchema.optional(),
  timeout: timeoutSchema.optional(),
  // oxlint-disable-next-line unicorn/no-thenable -- a key of the DSL; its value is never a function
  then: z.string().optional(),
  metadata: jsonObjectSchema.optional(),
};

export const errorSchema = z.strictObject({
  type: z.string(),
  status: z.union([z.int(), z.string().refine(isExpression, { error: 'A status is a whole number or an expression' })]),
  title: z.string().optional(),
  detail: z.string().optional(),
  instance: z.string().optional(),
});

export const retrySchema = z.strictObject({
  when: z.string().optional(),
  exceptWhen: z.string().optional(),
  delay: durationRuleSchema.optional(),
  backoff: z
    .union([
      z.strictObject({ constant: jsonObjectSchema }),
      z.strictObject({ linear: jsonObjectSchema }),
      z.strictObject({ exponential: jsonObjectSchema }),
    ])
    .optional(),
  limit: z
    .strictObject({
      attempt: z.strictObject({ count: z.int().positive().optional(), duration: durationRuleSchema.optional() }).optional(),
      duration: durationRuleSchema.optional(),
    })
    .optional(),
  jitter: z.strictObject({ from: durationRuleSchema, to: durationRuleSchema }).optional(),
});
/** How often and when a `try` is tried again. */
export type RetryPolicy = z.infer<typeof retrySchema>;

/** A list of named tasks: each item has one key, the name of the task. */
export const taskListSchema: z.ZodType<NamedTask[]> = z.lazy(() =>
  z
    .array(
      z.record(z.string(), z.unknown()).transform((item, context): NamedTask => {
        const names = Object.keys(item);
        const name = names[0];
        if (name === undefined || names.length !== 1) {
          context.addIssue(`Cannot read the task: an item has exactly one key, its name; this one has ${names.length}`);
          return z.NEVER;
        }
        return readTask(name, item[name], context) ?? z.NEVER;
      }),
    )
    .min(1)
    .max(LIST_LIMIT),
);

const catchSchema = z.strictObject({
  // The standard's schema says `details` where its text says `detail`.
  errors: z.strictObject({ with: errorSchema.partial().extend({ details: z.string().optional() }).optional() }).optional(),
  as: z.string().optional(),
  when: z.string().optional(),
  exceptWhen: z.string().optional(),
  retry: z.union([z.string(), retrySchema]).optional(),
  do: taskListSchema.optional(),
});

const switchCaseSchema = z
  // oxlint-disable-next-line unicorn/no-thenable -- as above
  .record(z.string(), z.strictObject({ when: z.string().optional(), then: z.string() }))
  .refine((item) => Object.keys(item).length === 1, { error: 'A case has exactly one key, its name' });

/** A name that an expression uses with a `$` in front. */
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/** The attributes of a CloudEvent that is emitted; `id` and `time` are made when they are missing. */
const eventSchema = jsonObjectSchema.refine(({ source, type }) => typeof source === 'string' && typeof type === 'string', {
  error: 'An event needs a source and a type',
});

/** What is done with each event as it comes. */
const iteratorSchema = z.strictObject({
  item: variableName.default('item'),
  at: variableName.default('index'),
  do: taskListSchema.optional(),
  output: outputSchema.optional(),
  export: outputSchema.optional(),
});
/** What is done with each event of a `listen`. */
export type EventIterator = z.infer<typeof iteratorSchema>;

// In the order in which they are looked for: `do` also stands inside `for`.
const kinds = {
  call: z.strictObject({ ...common, call: z.string(), with: jsonObjectSchema.optional() }),
  for: z.strictObject({
    ...common,
    for: z.strictObject({ each: variableName.default('item'), in: z.string(), at: variableName.default('index') }),
    while: z.string().optional(),
    do: taskListSchema,
  }),
  fork: z.strictObject({
    ...common,
    fork: z.strictObject({ compete: z.boolean().default(false), branches: taskListSchema }),
  }),
  listen: z.strictObject({
    ...common,
    listen: z.strictObject({ to: consumptionSchema, read: z.enum(['data', 'envelope', 'raw']).default('data') }),
    foreach: iteratorSchema.optional(),
  }),
  emit: z.strictObject({ ...common, emit: z.strictObject({ event: z.strictObject({ with: eventSchema }) }) }),
  do: z.strictObject({ ...common, do: taskListSchema }),
  run: z.strictObject({ ...common, run: runSchema }),
  raise: z.strictObject({ ...common, raise: z.strictObject({ error: z.union([z.string(), errorSchema]) }) }),
  set: z.strictObject({ ...common, set: z.union([z.string(), jsonObjectSchema]) }),
  switch: z.strictObject({ ...common, switch: z.array(switchCaseSchema).min(1) }),
  try: z.strictObject({ ...common, try: taskListSchema, catch: catchSchema }),
  wait: z.strictObject({ ...common, wait: durationRuleSchema }),
};
type Kinds = typeof kinds;

/** One task of a definition, as the interpreter takes it. */
export type Task = { [Kind in keyof Kinds]: z.infer<Kinds[Kind]> }[keyof Kinds];
/** A task with the name it has in its list. */
export interface NamedTask {
  readonly name: string;
  readonly task: Task;
  /** The task as it was written, for expressions: `$task.definition`. */
  readonly definition: Json;
}
/** The task of one kind. */
export type TaskOf<Kind extends keyof Kinds> = z.infer<Kinds[Kind]>;

type ParsedTask =
  | { readonly success: true; readonly data: Task }
  | { readonly success: false; readonly error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] } };

function parseTask(value: unknown): ParsedTask {
  const keys = value !== null && typeof value === 'object' ? Object.keys(value) : [];
  const refused = refuseForm(value);
  if (refused !== undefined) return { success: false, error: { issues: refused } };
  const kind = (Object.keys(kinds) as (keyof Kinds)[]).find((name) => keys.includes(name));
  if (kind === undefined) return failure(`Cannot run the task: it has none of the keys ${Object.keys(kinds).join(', ')}`, []);
  return kinds[kind].safeParse(value);
}

function failure(message: string, path: string[]): ParsedTask {
  return { success: false, error: { issues: [{ path, message }] } };
}

/** Reads a task that has this name; what is wrong with it is added to the issues, below its name. */
export function readTask(name: string, value: unknown, context: z.core.$RefinementCtx): NamedTask | undefined {
  const parsed = parseTask(value);
  if (parsed.success) return { name, task: parsed.data, definition: toJson(value) };
  for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path: [name, ...path] });
  return undefined;
}

export { timeoutSchema, transformSchema, outputSchema };
