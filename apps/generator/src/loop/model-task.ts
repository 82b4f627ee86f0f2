import {
  type ExecutionPlan,
  type LabelledExample,
  PlatformError,
  issueDetails,
  labelledExampleSchema,
} from '@loopwright/protocol';
import { admit } from '@loopwright/generation';
import { z } from 'zod';
import { LOOP_LIMITS } from './limits.ts';

const fileSchema = z.object({
  file_path: z.string().min(1).max(LOOP_LIMITS.pathCharacters),
  content: z.string().max(LOOP_LIMITS.fileCharacters),
});

/** What a model agent reads from `metadata` of a plan; other members are left alone. */
const modelMetadataSchema = z.object({
  /** What the files are written in. */
  language: z.enum(['typescript', 'python']).default('typescript'),
  /** With a name or with examples, a program is made: `program.ts` or `program.py` with a function `run`. */
  program_name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/)
    .optional(),
  examples: z.array(labelledExampleSchema).max(LOOP_LIMITS.examples).default([]),
  /** Share of the examples that the program has to answer rightly; all of them when it is not said. */
  accuracy_target: z.number().min(0).max(1).nullable().default(null),
  /** Tests that are given: written for `node:test`, or as Python's are, importing the program by its path. A model cannot change them. */
  tests: z.array(fileSchema).max(LOOP_LIMITS.files).default([]),
  /** Names of granted tool servers that the model may call. */
  tools: z.array(z.string().min(1).max(64)).max(32).default([]),
});

/** A file by its path. */
export interface TextFile {
  readonly path: string;
  readonly content: string;
}

/** What a model agent is asked for. */
export interface ModelTask {
  readonly plan: ExecutionPlan;
  readonly programName: string | null;
  readonly language: 'typescript' | 'python';
  /** The file of a program, where it has to be a program of one file. */
  readonly programFile: 'program.ts' | 'program.py' | null;
  readonly examples: readonly LabelledExample[];
  readonly accuracyTarget: number;
  readonly givenTests: readonly TextFile[];
  readonly tools: readonly string[];
}

/**
 * Reads what a plan asks of a model agent.
 *
 * @throws VALIDATION_ERROR with pointers into the plan
 */
export function readModelTask(plan: ExecutionPlan): ModelTask {
  const parsed = modelMetadataSchema.safeParse(plan.metadata);
  if (!parsed.success) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: its metadata is not what the model agent needs', {
      details: issueDetails(parsed.error.issues.slice(0, 100), '/metadata'),
    });
  }
  const { language, program_name, examples, accuracy_target, tests, tools } = parsed.data;
  const isProgram = program_name !== undefined || examples.length > 0;
  return {
    plan,
    programName: program_name ?? null,
    language,
    programFile: !isProgram ? null : language === 'python' ? 'program.py' : 'program.ts',
    examples,
    accuracyTarget: accuracy_target ?? 1,
    givenTests: givenTests(tests, language),
    tools: [...new Set(tools)],
  };
}

/** Whether a path names tests. */
export function isTest(path: string): boolean {
  return /\.test\.[cm]?[jt]s$|(?:^|\/)test_[^/]*\.py$|_test\.py$/.test(path);
}

function givenTests(tests: readonly z.infer<typeof fileSchema>[], language: ModelTask['language']): TextFile[] {
  const example = language === 'python' ? 'test_name.py' : 'name.test.ts';
  const files = tests.map(({ file_path, content }) => ({
    file_path,
    content,
    artifact_type: 'test' as const,
    language: null,
    description: null,
  }));
  return admit(files).map((admission, index) => {
    const path = files[index]?.file_path ?? '';
    if ('reason' in admission || !isTest(path) || path.endsWith('.py') !== (language === 'python')) {
      const reason = 'reason' in admission ? admission.reason : `is no path of tests such as "${example}"`;
      throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: a given test cannot be used', {
        details: issueDetails([{ path: ['tests', index, 'file_path'], message: reason }], '/metadata'),
      });
    }
    return { path: admission.names.join('/'), content: files[index]?.content ?? '' };
  });
}
