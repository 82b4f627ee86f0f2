import type { TestResult } from '@loopwright/protocol';
import type { ModelAnswer } from '../prompt/read-answer.ts';
import type { ExampleReport } from './example-tests.ts';
import { type CheckFinding, type CheckStage, finding } from './finding.ts';
import type { LoopParts } from './loop-parts.ts';
import { type ModelTask, isTest } from './model-task.ts';
import type { PickedExamples } from './pick-examples.ts';
import { checkPython } from './python-stage.ts';
import { testStage } from './test-stage.ts';

/** An answer with what its checks said. They are made in order, and the first that finds something is the last. */
export interface CheckedAnswer {
  readonly answer: ModelAnswer | null;
  readonly findings: readonly CheckFinding[];
  readonly testResult: TestResult | null;
  readonly examples: ExampleReport | null;
  /** What could not be checked, with the reason. */
  readonly unchecked: readonly string[];
  /** Milliseconds of each check that was made. */
  readonly stages: readonly { readonly stage: CheckStage | 'static'; readonly passed: boolean; readonly ms: number }[];
}

/** An answer whose form is wrong: there is nothing to check. */
export function unreadable(findings: readonly CheckFinding[]): CheckedAnswer {
  return {
    answer: null,
    findings,
    testResult: null,
    examples: null,
    unchecked: [],
    stages: [{ stage: 'form', passed: false, ms: 0 }],
  };
}

/**
 * Parses the files, checks their types, and runs the tests.
 *
 * @throws the reason of the signal; SERVICE_UNAVAILABLE and what the sandbox throws when it has no workers
 */
export async function checkAnswer(
  answer: ModelAnswer,
  work: { readonly task: ModelTask; readonly picked: PickedExamples },
  parts: LoopParts,
): Promise<CheckedAnswer> {
  const { clock, onEvent } = parts;
  const { task } = work;
  const files = new Map([...answer.files, ...task.givenTests].map(({ path, content }) => [path, content]));
  onEvent({ event_type: 'validation_started', stage: 'static' });
  const started = clock.now();
  const found =
    parts.python === null
      ? await parts.checker.check(files, parts.signal)
      : await checkPython(files, { ...parts, wall: parts.python });
  const stages: { stage: CheckStage | 'static'; passed: boolean; ms: number }[] = [
    { stage: 'static', passed: found.length === 0, ms: clock.now() - started },
  ];
  const unchecked = allowedImports(files, parts.dependencies);
  if (found.length > 0) {
    onEvent({ event_type: 'validation_failed', stage: found[0]?.stage ?? 'types', message: `${found.length} findings` });
    return { answer, findings: found, testResult: null, examples: null, unchecked, stages };
  }
  onEvent({ event_type: 'validation_passed', stage: 'static' });
  if (!task.plan.enable_testing) return { answer, findings: [], testResult: null, examples: null, unchecked, stages };
  if (![...files.keys()].some(isTest) && task.examples.length === 0) {
    const missing = finding(
      'form',
      `there are no tests: give some in a file named ${task.language === 'python' ? '"test_….py"' : '"….test.ts"'}`,
    );
    return { answer, findings: [missing], testResult: null, examples: null, unchecked, stages };
  }
  onEvent({ event_type: 'test_started', stage: 'tests' });
  const begun = clock.now();
  const tested = await testStage(files, work, parts);
  const isPassed = tested.findings.length === 0;
  const { tests_passed: passed, tests_failed: failed } = tested.testResult;
  onEvent({ event_type: isPassed ? 'test_passed' : 'test_failed', stage: 'tests', data: { passed, failed } });
  return {
    answer,
    findings: tested.findings,
    testResult: tested.testResult,
    examples: tested.examples,
    unchecked: [...unchecked, ...tested.unchecked],
    stages: [...stages, { stage: 'tests', passed: isPassed, ms: clock.now() - begun }],
  };
}

/** Dependencies that are allowed and asked for: nobody has looked whether they are there and do what the program wants. */
function allowedImports(files: ReadonlyMap<string, string>, dependencies: readonly string[]): string[] {
  const texts = [...files.values()];
  return dependencies
    .filter((name) =>
      texts.some((text) => text.includes(`'${name}`) || text.includes(`"${name}`) || text.includes(`import ${name}`)),
    )
    .map((name) => `the dependency ${JSON.stringify(name)} is allowed, and its use is not checked`);
}
