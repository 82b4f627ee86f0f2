import { cancel, confirm, note, select, text } from '@clack/prompts';
import { type ExecutionResponse, type Json, PlatformError } from '@loopwright/protocol';

type Clarification = NonNullable<ExecutionResponse['pending_clarification']>;
type Acceptance = NonNullable<ExecutionResponse['pending_acceptance']>;
/** A decision about what is to be accepted. */
interface Decision {
  readonly accepted: boolean;
  readonly comment?: string;
}

/** Who answers what the workflow asks. */
export interface Answerer {
  clarify(clarification: Clarification): Promise<Record<string, Json>>;
  decide(acceptance: Acceptance, score: string): Promise<Decision>;
}

/** Answers with what the command was given, else with the questions' defaults, and accepts. */
export function answerByDefault(given: Readonly<Record<string, Json | undefined>>): Answerer {
  return {
    clarify: async ({ questions }) =>
      Object.fromEntries(
        questions.map(({ id, text: question, default: otherwise }) => {
          const answer = given[id] ?? otherwise;
          if (answer === null)
            throw new PlatformError('INVALID_ANSWER', `Cannot answer "${question}": it has no default; use --interactive`);
          return [id, answer];
        }),
      ),
    decide: async () => ({ accepted: true }),
  };
}

/** Asks the person at the terminal. */
export function answerFromTerminal(): Answerer {
  return {
    clarify: async ({ questions }) => {
      const answers: Record<string, Json> = {};
      for (const question of questions) answers[question.id] = await askOne(question);
      return answers;
    },
    decide: async (_acceptance, score) => {
      note(score, 'The candidate');
      const accepted = settled(await confirm({ message: 'Serve this version?' }));
      const comment = settled(
        await text({
          message: accepted
            ? 'A comment for the record (may be empty)'
            : 'What is wrong? (empty ends the run, a reason goes back to the questions)',
          defaultValue: '',
        }),
      );
      return { accepted, ...(comment === '' ? {} : { comment }) };
    },
  };
}

async function askOne({
  text: message,
  choices,
  default: otherwise,
  answer_type: type,
}: Clarification['questions'][number]): Promise<Json> {
  if (choices !== null && type === 'single_choice') {
    const options = choices.map((choice) => ({ value: choice, label: choice }));
    return settled(await select({ message, options, ...(typeof otherwise === 'string' ? { initialValue: otherwise } : {}) }));
  }
  const initial = otherwise === null ? '' : typeof otherwise === 'string' ? otherwise : JSON.stringify(otherwise);
  return settled(await text({ message, initialValue: initial }));
}

function settled<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer !== 'symbol') return answer as Exclude<T, symbol>;
  cancel('Nothing was answered; the execution still waits.');
  return process.exit(130);
}
