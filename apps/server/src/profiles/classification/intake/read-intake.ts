import { type Question, programNameSchema, questionSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type ReadConstraints, readConstraints } from './constraint.ts';
import type { ReadIntake } from './task.ts';

/** What a run may be given besides its intake. */
export const runInputsSchema = z.looseObject({
  examples: z.string().max(64).nullable().default(null),
  program: programNameSchema.optional(),
  holdout: z.number().gt(0).lt(1).default(0.2),
  seed: z.int().nonnegative().default(1),
});

/** A run that was asked for. */
export interface RunRequest {
  readonly runId: string;
  readonly intake: string | null;
  readonly projectName: string | null;
  readonly inputs: z.output<typeof runInputsSchema>;
}

/** The two answers to an input that looks like nothing in the examples. */
export const UNKNOWN_CHOICES = { unknown: 'unknown', frequent: 'the most frequent label' } as const;
/** What is proposed where nobody says how many answers must be right. */
const PROPOSED_ACCURACY = 0.95;

/** Reads a request, and makes one question of each thing that it does not say. */
export function readIntake({ runId, intake, projectName, inputs }: RunRequest): ReadIntake {
  const text = (intake ?? '').trim();
  const read = readConstraints(text);
  return {
    program: inputs.program ?? programNameOf(projectName, runId),
    task_description: text,
    examples: inputs.examples,
    holdout: inputs.holdout,
    seed: inputs.seed,
    constraints: [...read.constraints],
    unread: [...read.unread],
    questions: questionsFor(text, inputs.examples, read),
  };
}

/** The question for the examples; `reason` says why it is asked again. */
export function examplesQuestion(reason?: string): Question {
  return questionSchema.parse({
    id: 'EXAMPLES',
    text: `${reason === undefined ? '' : `${reason}. `}What is the digest of the labelled examples?`,
    intent: 'POST /api/v1/examples takes JSON Lines with "input" and "output", or CSV, and gives the digest',
    priority: 'must',
    answer_type: 'free_text',
  });
}

function questionsFor(text: string, examples: string | null, { constraints }: ReadConstraints): Question[] {
  const isSaid = (kind: ReadConstraints['constraints'][number]['kind']): boolean =>
    constraints.some((constraint) => constraint.kind === kind);
  const questions: (z.input<typeof questionSchema> | false)[] = [
    text === '' && { id: 'TASK', text: 'What shall the program decide?', priority: 'must', answer_type: 'free_text' },
    !isSaid('accuracy') && {
      id: 'ACCURACY_TARGET',
      text: 'Which share of unseen inputs should it answer correctly?',
      priority: 'should',
      answer_type: 'number',
      minimum: 0,
      maximum: 1,
      default: PROPOSED_ACCURACY,
    },
    !isSaid('unknown_label') && {
      id: 'UNKNOWN_LABEL',
      text: 'What should it answer to an input that looks like nothing in the examples?',
      priority: 'must',
      answer_type: 'single_choice',
      choices: Object.values(UNKNOWN_CHOICES),
      default: UNKNOWN_CHOICES.unknown,
    },
    !isSaid('latency_ms') && {
      id: 'LATENCY_MS',
      text: 'Within how many milliseconds must it answer?',
      priority: 'could',
      answer_type: 'number',
      minimum: 0,
      required: false,
    },
    !isSaid('recall') && {
      id: 'WORST_MISSED',
      text: 'Which label must not be missed, if one matters more than the others?',
      priority: 'could',
      answer_type: 'free_text',
      required: false,
    },
  ];
  const asked = questions.filter((question) => question !== false).map((question) => questionSchema.parse(question));
  return examples === null ? [examplesQuestion(), ...asked] : asked;
}

/** A name that a program may have, made of the project's; of the run's id where nothing of it is left. */
function programNameOf(projectName: string | null, runId: string): string {
  const plain = (projectName ?? '')
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return plain === '' ? `run-${runId.replaceAll(/[^a-z0-9]/g, '').slice(0, 8)}` : plain;
}
