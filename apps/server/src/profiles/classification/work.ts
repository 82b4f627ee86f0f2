import { jsonObjectSchema, questionSchema } from '@loopwright/protocol';
import { z } from 'zod';
import {
  candidateFactsSchema,
  decisionFactsSchema,
  designFactsSchema,
  evaluationFactsSchema,
  planFactsSchema,
  qualityFactsSchema,
  splitFactsSchema,
} from './facts.ts';
import { runInputsSchema } from './intake/read-intake.ts';
import { readIntakeSchema, taskFactsSchema } from './intake/task.ts';

const about = { task: taskFactsSchema, split: splitFactsSchema };

/** What the function `induction` is asked for: one piece of work of a phase, with the results of earlier ones. */
export const inductionWorkSchema = z.discriminatedUnion('work', [
  z.strictObject({
    work: z.literal('read-intake'),
    run_id: z.string().min(1).max(200),
    intake: z.string().max(100_000).nullable(),
    project_name: z.string().max(500).nullable(),
    inputs: z.preprocess((value) => value ?? {}, runInputsSchema),
  }),
  z.strictObject({
    work: z.literal('settle-task'),
    read: z.looseObject({ ...readIntakeSchema.shape, questions: z.array(questionSchema) }),
    answers: jsonObjectSchema,
    answered_by: z.string().nullable(),
  }),
  z.strictObject({ work: z.literal('plan'), ...about }),
  z.strictObject({ work: z.literal('design'), ...about, plan: planFactsSchema }),
  z.strictObject({ work: z.literal('profile'), ...about }),
  z.strictObject({ work: z.literal('develop'), ...about, design: designFactsSchema, candidate: candidateFactsSchema }),
  z.strictObject({
    work: z.literal('judge'),
    ...about,
    plan: planFactsSchema,
    candidate: candidateFactsSchema,
    evaluation: evaluationFactsSchema,
  }),
  z.strictObject({
    work: z.literal('document'),
    ...about,
    data: z.object({ warnings: z.array(z.string()) }).loose(),
    candidate: candidateFactsSchema,
    evaluation: evaluationFactsSchema,
    quality: qualityFactsSchema,
    decision: decisionFactsSchema,
  }),
]);

/** One piece of work. */
export type InductionWork = z.output<typeof inductionWorkSchema>;
/** A piece of work of one kind. */
export type WorkOf<Kind extends InductionWork['work']> = Extract<InductionWork, { work: Kind }>;
