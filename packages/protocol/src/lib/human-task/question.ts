import { z } from 'zod';
import { jsonSchema } from '../json/json.ts';

/** The kinds of answers (`reference/domain.md` §4.3). */
export const answerTypeSchema = z.enum([
  'free_text',
  'single_choice',
  'multi_choice',
  'yes_no',
  'number',
  'date',
  'uuid',
  'json_object',
]);
export type AnswerType = z.infer<typeof answerTypeSchema>;

/** One question of a clarification. `minimum` and `maximum` bound a number. */
export const questionSchema = z
  .strictObject({
    id: z.string().regex(/^[A-Z0-9_-]{3,64}$/),
    text: z.string().max(2000).endsWith('?'),
    intent: z.string().max(2000).optional(),
    priority: z.enum(['must', 'should', 'could']).default('should'),
    answer_type: answerTypeSchema,
    choices: z.array(z.string().min(1).max(500)).min(1).max(500).optional(),
    default: jsonSchema.optional(),
    required: z.boolean().default(true),
    blocking: z.boolean().default(true),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    references: z.array(z.string()).optional(),
  })
  .refine((question) => !question.answer_type.endsWith('_choice') || question.choices !== undefined, {
    message: 'A question with a choice needs its choices',
    path: ['choices'],
  });
export type Question = z.infer<typeof questionSchema>;

/** The questions of one clarification: 1 to 12, with different ids. */
export const questionSetSchema = z
  .array(questionSchema)
  .min(1)
  .max(12)
  .refine((questions) => new Set(questions.map(({ id }) => id)).size === questions.length, 'Questions need different ids');
