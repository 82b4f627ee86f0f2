import { type AnswererRole, type Json, type JsonObject, PlatformError, type Question } from '@loopwright/protocol';
import { z } from 'zod';
import { digestOf } from '../definition/definition.ts';
import { type HumanTaskRequest, questionsOf, subjectOf } from './human-task-request.ts';

/** A person's answer, as it is given. */
export type SubmittedAnswer = (
  | { readonly kind: 'clarification'; readonly answers: JsonObject }
  | { readonly kind: 'acceptance'; readonly accepted: boolean; readonly comment?: string }
) & {
  readonly subjectDigest?: string;
  /** What the person may in the project, for questions that are for a role; left out, such a question refuses the answer. */
  readonly role?: AnswererRole;
  /** Why somebody answers what is for another user; only an administrator of the project may. */
  readonly overrideReason?: string;
};

/** Checks an answer against what was asked; gives what the execution gets, or throws INVALID_ANSWER with every issue. */
export function checkAnswer(request: HumanTaskRequest, answer: SubmittedAnswer): JsonObject {
  const shown = digestOf(subjectOf(request));
  if (answer.subjectDigest !== undefined && answer.subjectDigest !== shown) {
    throw new PlatformError('CONFLICT', 'Cannot take the answer: what was shown is not what is asked now', {
      details: { subject_digest: shown, answered_digest: answer.subjectDigest },
    });
  }
  if (answer.kind === 'acceptance') return { accepted: answer.accepted, comment: answer.comment ?? null, subject_digest: shown };
  return { answers: checkAnswers(questionsOf(request), answer.answers), subject_digest: shown };
}

function checkAnswers(questions: readonly Question[], given: JsonObject): JsonObject {
  const issues: { pointer: string; message: string }[] = Object.keys(given)
    .filter((id) => !questions.some((question) => question.id === id))
    .map((id) => ({ pointer: `/answers/${id}`, message: 'there is no such question' }));
  const answers: [string, Json][] = [];
  for (const question of questions) {
    const value = given[question.id] ?? question.default;
    if (value === undefined || value === null) {
      if (question.required) issues.push({ pointer: `/answers/${question.id}`, message: 'the answer is missing' });
      continue;
    }
    const parsed = answerSchema(question).safeParse(value);
    if (parsed.success) answers.push([question.id, parsed.data]);
    else
      issues.push({ pointer: `/answers/${question.id}`, message: parsed.error.issues.map(({ message }) => message).join('; ') });
  }
  if (issues.length > 0) {
    throw new PlatformError('INVALID_ANSWER', `Cannot take the answer: ${issues.map(({ message }) => message).join(', ')}`, {
      details: { issues },
    });
  }
  return Object.fromEntries(answers);
}

/** `seeds/004` sends every answer as a text, so each kind also takes its text form. */
function answerSchema(question: Question): z.ZodType<Json> {
  const choices = question.choices ?? [];
  const choice = z.string().refine((value) => choices.includes(value), { error: `the answer is none of: ${choices.join(', ')}` });
  switch (question.answer_type) {
    case 'free_text':
      return z.string().max(10_000);
    case 'single_choice':
      return choice;
    case 'multi_choice':
      return z.preprocess(readJson, z.array(choice).max(choices.length));
    case 'yes_no':
      return z.union([z.boolean(), z.stringbool({ truthy: ['yes', 'true'], falsy: ['no', 'false'] })]);
    case 'number':
      return z.preprocess(
        readJson,
        z
          .number()
          .min(question.minimum ?? -Infinity)
          .max(question.maximum ?? Infinity),
      );
    case 'date':
      return z.iso.date();
    case 'uuid':
      return z.uuid();
    case 'json_object':
      return z.preprocess(readJson, z.record(z.string(), z.json()));
  }
}

function readJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
