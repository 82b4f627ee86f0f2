import { type Sandbox, runTestFiles } from '@loopwright/edge';
import type { Clock, Random, TestResult } from '@loopwright/protocol';
import { isCode } from './check/static-check-task.ts';
import type { PythonWall } from '../grading/python/python-wall.ts';
import { type ExampleReport, callerOf, exampleFindings, runExamples } from './example-tests.ts';
import { type CheckFinding, finding, plainText } from './finding.ts';
import { LOOP_LIMITS } from './limits.ts';
import { type ModelTask, isTest } from './model-task.ts';
import type { PickedExamples } from './pick-examples.ts';
import { type RanTests, pythonCallerOf, runPythonTests } from './python-stage.ts';

/** What tests are run with. */
export interface TestStageParts {
  readonly sandbox: () => Promise<Sandbox>;
  /** The wall of Python, where the program is one of Python. */
  readonly python: PythonWall | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** What came of the tests of an answer. */
export interface TestStage {
  readonly testResult: TestResult;
  readonly findings: readonly CheckFinding[];
  /** What could not be tested, with the reason. */
  readonly unchecked: readonly string[];
  readonly examples: ExampleReport | null;
}

/**
 * Runs the given tests, the tests of the answer and the labelled examples in the sandbox, or behind the wall of Python.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function testStage(
  files: ReadonlyMap<string, string>,
  { task, picked }: { task: ModelTask; picked: PickedExamples },
  parts: TestStageParts,
): Promise<TestStage> {
  const started = parts.clock.now();
  const { python, signal } = parts;
  const ran = python === null ? await runTests(files, task, parts) : await runPythonTests(files, { ...parts, wall: python });
  const source = files.get(task.programFile ?? '') ?? '';
  const examples =
    task.examples.length === 0
      ? null
      : await runExamples(
          python === null ? await callerOf(source, parts) : await pythonCallerOf(source, picked, { ...parts, wall: python }),
          picked,
          signal,
        );
  const findings = [...ran.findings];
  const { passed, unchecked } = ran;
  const failed = findings.length;
  if (examples !== null) findings.push(...exampleFindings(examples, task.accuracyTarget));
  const missed = examples === null || examples.accuracy >= task.accuracyTarget ? 0 : examples.tested - examples.right;
  const testResult: TestResult = {
    test_command: `files of tests and labelled examples ${python === null ? 'in the sandbox' : 'in python3 behind bubblewrap'}`,
    exit_code: findings.length === 0 ? 0 : 1,
    stdout: output(passed.map((name) => `ok ${plainText(name)}`)),
    stderr: output(findings.map(({ file, message }) => `not ok ${file ?? 'examples'}: ${message}`)),
    tests_passed: passed.length + (examples?.right ?? 0),
    tests_failed: failed + missed,
    duration_seconds: (parts.clock.now() - started) / 1000,
  };
  return { testResult, findings, unchecked, examples };
}

async function runTests(files: ReadonlyMap<string, string>, task: ModelTask, parts: TestStageParts): Promise<RanTests> {
  const given = new Set(task.givenTests.map(({ path }) => path));
  const tests = [...files.keys()].filter(isTest);
  const modules = new Map([...files].filter(([path]) => isCode(path) || path.endsWith('.json')));
  const { results, notRun } = await runTestFiles({ modules, tests }, parts);
  const findings: CheckFinding[] = [];
  const unchecked: string[] = [];
  for (const { file, name, status, message } of results)
    if (status !== 'passed' && status !== 'skipped')
      findings.push(finding('tests', `the test "${name}" failed: ${message ?? status}`, { file }));
  for (const { file, reason } of notRun) {
    // Tests of the caller may need more than the sandbox has; those of the model must not.
    if (given.has(file)) unchecked.push(plainText(`${file}: ${reason}`));
    else findings.push(finding('tests', `the tests cannot be run: ${reason}`, { file }));
  }
  const silent = tests.filter((path) => !results.some(({ file }) => file === path) && !notRun.some(({ file }) => file === path));
  for (const file of silent) findings.push(finding('tests', 'the file has no tests', { file }));
  const passed = results.filter(({ status }) => status === 'passed').map(({ file, name }) => `${file} ${name}`);
  return { findings, unchecked, passed };
}

function output(lines: readonly string[]): string {
  const text = lines.map((line) => `${line}\n`).join('');
  return text.length > LOOP_LIMITS.testOutputCharacters ? `${text.slice(0, LOOP_LIMITS.testOutputCharacters)}…\n` : text;
}
