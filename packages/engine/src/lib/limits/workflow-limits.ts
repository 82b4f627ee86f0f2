import { type Json, budgetLimitsSchema, canonicalJson, prioritySchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type WorkflowDefinition, type WorkflowDocument, digestOf } from '../definition/definition.ts';
import { type ExpressionEvaluator, explainInvalidExpression } from '../expression/expression.ts';

/** Longest key as it is; a longer one is its digest. */
const KEY_LIMIT_CHARACTERS = 200;

const concurrencySchema = z
  .strictObject({
    /** How many executions of the workflow may run at once. */
    limit: z.int().min(1).max(1_000_000).optional(),
    /** An expression on the input: executions with the same value share `limit_per_key`. */
    key: z.string().min(1).max(10_000).optional(),
    limit_per_key: z.int().min(1).max(1_000_000).default(1),
    /** Whether an execution that waits for a person, a timer or an event gives its slot to others meanwhile. */
    parked: z.enum(['release', 'hold']).default('release'),
    /** The share of the workflow when several wait for the engine. */
    weight: z.number().min(0.01).max(100).default(1),
  })
  .refine(({ limit, key, weight }) => limit !== undefined || key !== undefined || weight !== 1, 'limits nothing');

/** What `document.metadata.loopwright` says about limits. */
const workflowLimitsSchema = z.looseObject({
  budgets: budgetLimitsSchema.optional(),
  priority: prioritySchema.optional(),
  concurrency: concurrencySchema.optional(),
});
export type WorkflowLimits = z.infer<typeof workflowLimitsSchema>;

/** What the expression of a key can use. */
const KEY_VARIABLES = ['input'];
const PATH = ['document', 'metadata', 'loopwright'];

/** What is wrong with the limits of a definition. */
export function* checkWorkflowLimits({ document }: WorkflowDocument): Generator<{ path: string[]; message: string }> {
  const parsed = workflowLimitsSchema.safeParse(document.metadata?.['loopwright'] ?? {});
  for (const { path, message } of parsed.error?.issues ?? []) yield { path: [...PATH, ...path.map(String)], message };
  const key = parsed.data?.concurrency?.key;
  const reason = key === undefined ? undefined : explainInvalidExpression(key, KEY_VARIABLES);
  if (reason === undefined) return;
  yield { path: [...PATH, 'concurrency', 'key'], message: `Cannot use the expression "${key ?? ''}": ${reason}` };
}

/** The limits of a definition that was checked. */
export function workflowLimits({ document }: WorkflowDefinition): WorkflowLimits {
  return workflowLimitsSchema.parse(document.document.metadata?.['loopwright'] ?? {});
}

/** The key of an execution with this input; empty when its workflow has none, or the expression gives null. Throws `WorkflowError`. */
export function concurrencyKey(limits: WorkflowLimits, input: Json, expressions: ExpressionEvaluator): string {
  const { key } = limits.concurrency ?? {};
  if (key === undefined) return '';
  const value = expressions.evaluate(key, input, { input });
  if (value === null) return '';
  const text = canonicalJson(value);
  return text.length <= KEY_LIMIT_CHARACTERS ? text : digestOf(value);
}
