import { humanTaskAssigneeSchema, jsonSchema, questionSetSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { defineFunction } from './call-function.ts';

/** `call: clarify`: asks 1 to 12 questions; gives `{ answers, answered_by, answered_at, task_id }`. */
export const clarify = defineFunction({
  description: 'Asks people questions and waits for valid answers',
  arguments: z.strictObject({
    title: z.string().min(1),
    message: z.string().optional(),
    questions: questionSetSchema,
    expires_in_ms: z.number().positive().optional(),
    for: humanTaskAssigneeSchema.optional(),
  }),
  run: ({ args, ask }) =>
    ask({
      kind: 'clarification',
      title: args.title,
      questions: args.questions,
      ...(args.message === undefined ? {} : { message: args.message }),
      ...(args.expires_in_ms === undefined ? {} : { expires_in_ms: args.expires_in_ms }),
      ...(args.for === undefined ? {} : { for: args.for }),
    }),
});

/** `call: accept`: shows something and waits for a decision; gives `{ accepted, comment, answered_by, answered_at, task_id }`. */
export const accept = defineFunction({
  description: 'Shows an artifact, a version or a document and waits for a decision',
  arguments: z.strictObject({
    title: z.string().min(1),
    message: z.string().optional(),
    doc_type: z.string().min(1),
    scope_id: z.string().optional(),
    subject: jsonSchema,
    expires_in_ms: z.number().positive().optional(),
    for: humanTaskAssigneeSchema.optional(),
  }),
  run: ({ args, ask }) =>
    ask({
      kind: 'acceptance',
      title: args.title,
      doc_type: args.doc_type,
      subject: args.subject,
      ...(args.scope_id === undefined ? {} : { scope_id: args.scope_id }),
      ...(args.message === undefined ? {} : { message: args.message }),
      ...(args.expires_in_ms === undefined ? {} : { expires_in_ms: args.expires_in_ms }),
      ...(args.for === undefined ? {} : { for: args.for }),
    }),
});
