import { type JsonObject, type Question, PlatformError } from '@loopwright/protocol';
import type { ReadableExamples } from '../../../examples/examples-of-project.ts';
import { UNKNOWN_CHOICES, examplesQuestion } from './read-intake.ts';
import type { ReadIntake, TaskFacts } from './task.ts';

/** The task, or the one question that has to be asked again before there is one. */
export type SettledTask =
  | { readonly ready: true; readonly task: TaskFacts; readonly questions: readonly Question[] }
  | { readonly ready: false; readonly questions: readonly Question[] };

/** Puts together what the request says and what people answered. Examples that nobody uploaded are asked for again. */
export async function settleTask(
  read: ReadIntake,
  { answers, answeredBy }: { answers: JsonObject; answeredBy: string | null },
  store: Pick<ReadableExamples, 'describe'>,
): Promise<SettledTask> {
  const digest = typeof answers['EXAMPLES'] === 'string' ? answers['EXAMPLES'].trim().toLowerCase() : read.examples;
  const problem = digest === null ? 'They were not named yet' : await problemWith(store, digest);
  if (digest === null || problem !== undefined) return { ready: false, questions: [examplesQuestion(problem)] };
  const said = (kind: string): ReadIntake['constraints'][number] | undefined =>
    read.constraints.find((constraint) => constraint.kind === kind);
  const accuracy = said('accuracy');
  const unknown = said('unknown_label');
  const answered = answeredBy === null ? 'nobody was asked: the proposal holds' : `answer of ${answeredBy}`;
  const isAnswered = (id: string): boolean => answers[id] !== undefined && answers[id] !== null && answers[id] !== '';
  return {
    ready: true,
    questions: [],
    task: {
      program: read.program,
      task_description: read.task_description === '' ? text(answers['TASK']) : read.task_description,
      examples: digest,
      holdout: read.holdout,
      seed: read.seed,
      constraints: read.constraints,
      unread: read.unread,
      unknown_label: unknown === undefined ? unknownOf(answers['UNKNOWN_LABEL']) : unknown.label,
      unknown_source: unknown === undefined ? answered : `intake: “${unknown.quote}”`,
      accuracy_target: accuracy?.value ?? number(answers['ACCURACY_TARGET']) ?? 0.95,
      accuracy_source: accuracy === undefined ? answered : `intake: “${accuracy.quote}”`,
      latency_ms: said('latency_ms')?.value ?? number(answers['LATENCY_MS']),
      worst_missed: isAnswered('WORST_MISSED') ? text(answers['WORST_MISSED']) : null,
      open_questions: read.questions
        .filter(({ id }) => id !== 'EXAMPLES' && !isAnswered(id))
        .map(({ id, text: question }) => ({ id, text: question })),
      answered_by: answeredBy,
    },
  };
}

async function problemWith(store: Pick<ReadableExamples, 'describe'>, digest: string): Promise<string | undefined> {
  try {
    await store.describe(digest);
    return undefined;
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'EXAMPLES_NOT_FOUND')
      return 'No examples with that digest were uploaded';
    throw error;
  }
}

function unknownOf(answer: unknown): string | null {
  return answer === UNKNOWN_CHOICES.frequent ? null : UNKNOWN_CHOICES.unknown;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
