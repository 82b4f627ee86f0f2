import { type TestParts, type TestRun, runTestFiles } from '@loopwright/edge';
import type { FileFacts } from '../survey/survey.ts';

/**
 * Runs the tests of a workspace in the sandbox, and counts the statements that were run.
 *
 * @throws what {@link runTestFiles} throws
 */
export async function runTests(files: readonly FileFacts[], parts: TestParts): Promise<TestRun> {
  const tests = files.filter(({ kind }) => kind === 'test');
  const modules = new Map(files.flatMap(({ path, runnable }) => (runnable === null ? [] : [[path, runnable] as const])));
  const broken = tests.filter(({ code }) => code?.problem);
  const absent = tests.filter((file) => !broken.includes(file) && !modules.has(file.path));
  const runnable = tests.filter((file) => !broken.includes(file) && !absent.includes(file)).map(({ path }) => path);
  const { results, notRun, files: ranFiles, ran } = await runTestFiles({ modules, tests: runnable }, parts);
  return {
    results: [
      ...broken.map(({ path, code }) => ({
        file: path,
        name: path,
        status: 'failed' as const,
        message: code?.problem?.message ?? null,
      })),
      ...results,
    ],
    notRun: [
      ...absent.map(({ path }) => ({ file: path, reason: 'the tests of the workspace are too large together' })),
      ...notRun,
    ],
    files: ranFiles,
    ran,
  };
}
