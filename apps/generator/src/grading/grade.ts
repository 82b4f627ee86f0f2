import type { TestResult } from '@loopwright/protocol';

/** How one test ended. */
export interface GradedTest {
  readonly file: string;
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly message: string | null;
}

/** What the tests of a program say about it. */
export interface Grade {
  /** `TIMEOUT` as soon as one file of tests does not come to its end in time; `SUCCESS` only when at least one test ran and none failed. */
  readonly status: 'SUCCESS' | 'FAILURE' | 'TIMEOUT';
  /** Why it is no success, in one sentence. */
  readonly reason: string | null;
  readonly tests: readonly GradedTest[];
  readonly testResult: TestResult;
}

/** What came of the files of tests. */
interface Outcome {
  readonly command: string;
  readonly tests: readonly GradedTest[];
  readonly isTimedOut: boolean;
  readonly printed: string;
  readonly seconds: number;
}

/** Exit code of a program that was stopped at its time, as `timeout` of the shell has it. */
const TIMED_OUT_EXIT_CODE = 124;
/** Longest text of output that a result carries, in characters. */
const OUTPUT_LIMIT = 65_536;

/** Makes a grade of what came of the tests. */
export function gradeOf({ command, tests, isTimedOut, printed, seconds }: Outcome): Grade {
  const failed = tests.filter(({ status }) => status === 'failed');
  const passed = tests.filter(({ status }) => status === 'passed');
  const none = passed.length === 0 && failed.length === 0;
  const status = isTimedOut ? 'TIMEOUT' : none || failed.length > 0 ? 'FAILURE' : 'SUCCESS';
  const first = failed[0];
  const told = first === undefined ? null : `${first.name}: ${first.message ?? 'failed'}`.slice(0, 1000);
  const reason =
    status === 'SUCCESS' ? null : none ? 'No test was run: the tests are declared and never called, or all are skipped' : told;
  const lines = failed.map(
    ({ file, name, message }) => `not ok ${name === file ? file : `${file} > ${name}`}: ${message ?? ''}\n`,
  );
  return {
    status,
    reason,
    tests,
    testResult: {
      test_command: command,
      exit_code: status === 'SUCCESS' ? 0 : isTimedOut ? TIMED_OUT_EXIT_CODE : 1,
      stdout: printed.slice(0, OUTPUT_LIMIT),
      stderr: lines.join('').slice(0, OUTPUT_LIMIT),
      tests_passed: passed.length,
      tests_failed: failed.length,
      duration_seconds: seconds,
    },
  };
}
