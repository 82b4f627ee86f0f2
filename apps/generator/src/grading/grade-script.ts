import { type Sandbox, runTestFiles } from '@loopwright/edge';
import { type Clock, type GradeMetadata, type Random } from '@loopwright/protocol';
import { type Grade, type GradedTest, gradeOf } from './grade.ts';
import { type PreparedTest, prepareTest } from './script-tests.ts';

/** What scripts are graded with. */
export interface ScriptParts {
  readonly sandbox: () => Promise<Sandbox>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Runs the tests of a program of JavaScript or TypeScript in the sandbox, each file of them in one call.
 *
 * @throws the reason of the signal; SERVICE_UNAVAILABLE, OVERLOADED of the sandbox
 */
export async function gradeScript(metadata: GradeMetadata, parts: ScriptParts, signal: AbortSignal): Promise<Grade> {
  const started = parts.clock.now();
  const tests: GradedTest[] = [];
  const printed: string[] = [];
  let isTimedOut = false;
  for (const file of metadata.tests) {
    signal.throwIfAborted();
    const prepared = prepareTest(file, metadata);
    const outcome = await runOne(prepared, metadata, { ...parts, signal });
    tests.push(
      ...outcome.tests.map((test) => ({ ...test, file: file.file_path, name: nameIn(test.name, prepared, file.file_path) })),
    );
    printed.push(outcome.printed);
    isTimedOut ||= outcome.isTimedOut;
    // The others have the same program, which loops.
    if (isTimedOut) break;
  }
  const seconds = Math.max(0, parts.clock.now() - started) / 1000;
  return gradeOf({ command: 'tests in the sandbox', tests, isTimedOut, printed: printed.join(''), seconds });
}

interface FileOutcome {
  readonly tests: readonly GradedTest[];
  readonly printed: string;
  readonly isTimedOut: boolean;
}

async function runOne(
  prepared: PreparedTest,
  metadata: GradeMetadata,
  parts: ScriptParts & { signal: AbortSignal },
): Promise<FileOutcome> {
  const { modules, test, isStrict } = prepared;
  const { sandbox, random, signal } = parts;
  const limits = { sandbox, random, signal, timeoutMs: metadata.time_limit_ms };
  const run = await runTestFiles({ modules, tests: [test], isStrict }, limits);
  const [file] = run.files;
  const tests: GradedTest[] = [
    ...run.results,
    ...run.notRun.map(({ reason }) => ({ file: test, name: test, status: 'failed' as const, message: reason })),
  ];
  // A script that tests without a word of assertions, by throwing, has passed when it came to its end and something was called.
  const isQuietPass = tests.length === 0 && file?.isTimedOut === false && !prepared.mustAssert && prepared.callsSomething;
  if (isQuietPass) tests.push({ file: test, name: test, status: 'passed', message: null });
  return { tests, printed: file?.printed ?? '', isTimedOut: file?.isTimedOut === true };
}

function nameIn(name: string, { test }: PreparedTest, path: string): string {
  return name === test ? path : name;
}
