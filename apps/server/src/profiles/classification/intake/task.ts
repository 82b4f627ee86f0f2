import { programNameSchema, questionSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { constraintSchema } from './constraint.ts';

/** Something that nobody has said: the question that is asked, or was and got no answer. */
const openQuestionSchema = z.object({ id: z.string(), text: z.string() });

/** What was read from a request, and what has to be asked before a plan can be made. */
export const readIntakeSchema = z.object({
  program: programNameSchema,
  /** The intake; empty when there is none. */
  task_description: z.string(),
  /** Digest of the labelled examples; `null` until somebody names them. */
  examples: z.string().nullable(),
  holdout: z.number(),
  seed: z.int(),
  constraints: z.array(constraintSchema),
  unread: z.array(z.string()),
  questions: z.array(questionSchema),
});
export type ReadIntake = z.infer<typeof readIntakeSchema>;

/** What the program shall do, as far as it was said. */
export const taskFactsSchema = z.object({
  program: programNameSchema,
  task_description: z.string(),
  examples: z.string(),
  holdout: z.number(),
  seed: z.int(),
  constraints: z.array(constraintSchema),
  unread: z.array(z.string()),
  /** Answer to unknown inputs; `null` for the most frequent label. */
  unknown_label: z.string().nullable(),
  unknown_source: z.string(),
  accuracy_target: z.number(),
  accuracy_source: z.string(),
  latency_ms: z.number().nullable(),
  /** Label that must not be missed, when somebody named one. */
  worst_missed: z.string().nullable(),
  open_questions: z.array(openQuestionSchema),
  answered_by: z.string().nullable(),
});
export type TaskFacts = z.infer<typeof taskFactsSchema>;
