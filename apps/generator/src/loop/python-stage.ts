import type { Clock } from '@loopwright/protocol';
import { z } from 'zod';
import { gradePython } from '../grading/python/grade-python.ts';
import type { PythonWall } from '../grading/python/python-wall.ts';
import { runPython } from '../grading/python/run-python.ts';
import type { ProgramCaller } from './example-tests.ts';
import { type CheckFinding, finding } from './finding.ts';
import { LOOP_LIMITS } from './limits.ts';
import { isTest } from './model-task.ts';
import type { PickedExamples } from './pick-examples.ts';

/** What came of files of tests. */
export interface RanTests {
  readonly findings: readonly CheckFinding[];
  readonly unchecked: readonly string[];
  /** Names of the tests that passed. */
  readonly passed: readonly string[];
}

interface PythonParts {
  readonly wall: PythonWall;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const foundSchema = z.object({
  found: z.array(z.object({ file: z.string().max(300), line: z.int().nullable(), message: z.string().max(1000) })).max(200),
});
const answersSchema = z.object({
  problem: z.string().max(2000).nullable(),
  answers: z.array(z.union([z.object({ output: z.string() }), z.object({ error: z.string().max(2000) })])),
});
const NOTHING = 'the program ended before it answered';

/** Parses the files of Python and looks at what they import: the standard library, each other, and dependencies that are allowed. */
export async function checkPython(
  files: ReadonlyMap<string, string>,
  { dependencies, ...parts }: PythonParts & { readonly dependencies: readonly string[] },
): Promise<CheckFinding[]> {
  const task = { mode: 'check' as const, files: filesOf(files, () => true), tests: [], allowed: dependencies };
  const run = await runPython(task, { ...parts, limitMs: LOOP_LIMITS.pythonMs });
  const found = 'answer' in run ? foundSchema.safeParse(run.answer).data?.found : undefined;
  if (found === undefined) return [finding('syntax', 'the files could not be parsed in their time')];
  return found.map(({ file, line, message }) => finding('syntax', message, { file, line }));
}

/** Runs the tests behind the wall, each file for itself. */
export async function runPythonTests(files: ReadonlyMap<string, string>, { wall, ...parts }: PythonParts): Promise<RanTests> {
  const program = filesOf(files, (path) => !isTest(path));
  const findings: CheckFinding[] = [];
  const passed: string[] = [];
  for (const test of filesOf(files, isTest)) {
    const task = { files: program, tests: [test], entry_point: null, time_limit_ms: LOOP_LIMITS.pythonMs };
    const { tests } = await gradePython(task, wall, parts);
    const file = test.file_path;
    for (const { name, status, message } of tests)
      if (status === 'passed') passed.push(`${file} ${name}`);
      else findings.push(finding('tests', `the test "${name}" failed: ${message ?? status}`, { file }));
    if (tests.length === 0) findings.push(finding('tests', 'the file has no tests', { file }));
  }
  return { findings, unchecked: [], passed };
}

/** Calls the program with all inputs in one process; outputs are compared outside of it. */
export async function pythonCallerOf(source: string, picked: PickedExamples, parts: PythonParts): Promise<ProgramCaller> {
  const examples = [...picked.shown, ...picked.heldBack];
  const files = [{ file_path: 'program.py', content: source }];
  const task = { mode: 'answers' as const, files, tests: [], inputs: examples.map(({ input }) => input) };
  const run = await runPython(task, { ...parts, limitMs: LOOP_LIMITS.pythonMs });
  if ('missing' in run) return { problem: run.missing === 'timeout' ? `it ran longer than ${LOOP_LIMITS.pythonMs} ms` : NOTHING };
  const given = answersSchema.safeParse(run.answer).data;
  if (given === undefined) return { problem: NOTHING };
  if (given.problem !== null) return { problem: given.problem };
  const answers = new Map(examples.map((example, index) => [example, given.answers[index]]));
  return async (example) => {
    const answer = answers.get(example);
    if (answer === undefined || !('output' in answer)) return { status: 'error', message: answer?.error ?? NOTHING };
    return isJson(answer.output)
      ? { status: 'success', outputJson: answer.output }
      : { status: 'error', message: 'the answer is no JSON' };
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The program's own file first: that is the one which scripts are put behind. */
function filesOf(
  files: ReadonlyMap<string, string>,
  isWanted: (path: string) => boolean,
): { file_path: string; content: string }[] {
  return [...files]
    .filter(([path]) => isWanted(path))
    .toSorted(([path], [other]) => Number(other === 'program.py') - Number(path === 'program.py'))
    .map(([file_path, content]) => ({ file_path, content }));
}
