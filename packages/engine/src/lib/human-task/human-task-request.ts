import { type Json, type Question, humanTaskAssigneeSchema, jsonSchema, questionSetSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';

const common = {
  title: z.string().min(1).max(500),
  message: z.string().max(20_000).optional(),
  /** How long people have, in milliseconds; without it the question waits for ever. */
  expires_in_ms: z.number().positive().optional(),
  /** Who may answer; left out, whoever may decide in the project. */
  for: humanTaskAssigneeSchema.optional(),
};

/** What an execution asks people. */
const humanTaskRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('clarification'), ...common, questions: questionSetSchema }),
  z.strictObject({
    kind: z.literal('acceptance'),
    ...common,
    doc_type: z.string().min(1).max(200),
    scope_id: z.string().max(200).optional(),
    subject: jsonSchema,
  }),
]);
export type HumanTaskRequest = z.infer<typeof humanTaskRequestSchema>;

/** What is shown to the person, and what a decision is bound to by its digest. */
export function subjectOf(request: HumanTaskRequest): Json {
  if (request.kind === 'acceptance') return { title: request.title, message: request.message ?? null, subject: request.subject };
  return { title: request.title, message: request.message ?? null, questions: toJson(request.questions) };
}

/** The questions of a request; none for an acceptance. */
export function questionsOf(request: HumanTaskRequest): Question[] {
  return request.kind === 'clarification' ? request.questions : [];
}
