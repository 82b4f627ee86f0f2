import { readFileSync } from 'node:fs';
import { type Sandbox, type SandboxProgram, buildModules } from '@loopwright/edge';
import { PlatformError, type Random } from '@loopwright/protocol';
import { z } from 'zod';
import type { FileFacts } from '../survey/survey.ts';
import type { TestRun } from './test-run.ts';

/** What tests are run with. */
export interface TestParts {
  readonly sandbox: () => Promise<Sandbox>;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

const collectedSchema = z.object({
  started: z.boolean(),
  done: z.boolean(),
  tests: z
    .array(
      z.object({
        name: z.string().max(1000),
        status: z.enum(['passed', 'failed', 'skipped', 'unfinished']),
        message: z.string().max(1000).nullable(),
      }),
    )
    .max(6000),
  statements: z.array(z.tuple([z.int(), z.array(z.int().nonnegative())])).max(30_000),
});
type Collected = z.infer<typeof collectedSchema>;

/** Files of tests that are run of a workspace. */
const FILES_LIMIT = 100;
/** How often a file begins again when another worker of the sandbox got its second call. */
const STARTS = 3;

/**
 * Runs the tests of a workspace in the sandbox, each file for itself with the modules that it imports, and counts the statements that were run.
 * The tests are written for `node:test` and `node:assert`; a file that needs more of Node cannot be run there, and is named with the reason.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function runTests(files: readonly FileFacts[], parts: TestParts): Promise<TestRun> {
  const tests = files.filter(({ kind }) => kind === 'test');
  const modules = new Map(files.flatMap(({ path, runnable }) => (runnable === null ? [] : [[path, runnable] as const])));
  for (const [name, source] of guestModules()) modules.set(name, source);
  const outcome: TestRun = { results: [], notRun: [], ran: new Map() };
  for (const { path } of tests.slice(FILES_LIMIT))
    outcome.notRun.push({ file: path, reason: `only ${FILES_LIMIT} files are run` });
  for (const { path, code } of tests.slice(0, FILES_LIMIT)) {
    parts.signal?.throwIfAborted();
    if (code?.problem) outcome.results.push({ file: path, name: path, status: 'failed', message: code.problem.message });
    else if (!modules.has(path)) outcome.notRun.push({ file: path, reason: 'the tests of the workspace are too large together' });
    else await runFile(path, { modules, outcome, parts });
  }
  return outcome;
}

async function runFile(
  path: string,
  { modules, outcome, parts }: { modules: ReadonlyMap<string, string>; outcome: TestRun; parts: TestParts },
): Promise<void> {
  let code: string;
  try {
    const entry = `export { run } from 'node:test';\nimport ${JSON.stringify(`/${path}`)};`;
    ({ code } = await buildModules({ modules, entry }));
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    outcome.notRun.push({ file: path, reason: error.message });
    return;
  }
  const collected = await collect({ key: `tests:${parts.random.uuid()}`, code }, await parts.sandbox());
  if ('message' in collected) {
    outcome.results.push({ file: path, name: path, status: 'failed', message: collected.message });
    return;
  }
  for (const { name, status, message } of collected.tests) {
    const isLost = status === 'unfinished';
    const reason = isLost ? 'it did not end: it waits for something that is not in the sandbox, such as a timer' : message;
    outcome.results.push({ file: path, name, status: isLost ? 'failed' : status, message: reason });
  }
  if (!collected.done && !collected.tests.some(({ status }) => status === 'unfinished'))
    outcome.results.push({ file: path, name: path, status: 'failed', message: 'its tests did not come to their end' });
  for (const [file, statements] of collected.statements) {
    const known = outcome.ran.get(file) ?? new Set<number>();
    for (const statement of statements) known.add(statement);
    outcome.ran.set(file, known);
  }
}

async function collect(program: SandboxProgram, sandbox: Sandbox): Promise<Collected | { message: string }> {
  for (let attempt = 1; attempt <= STARTS; attempt += 1) {
    const started = await sandbox.run(program, '"start"');
    if (started.status !== 'success') return { message: started.message };
    const result = await sandbox.run(program, '"collect"');
    if (result.status !== 'success') return { message: result.message };
    const parsed = collectedSchema.safeParse(JSON.parse(result.outputJson));
    if (!parsed.success) return { message: 'the tests changed what runs them' };
    // The sandbox may have given the second call to another worker, where nothing has begun.
    if (parsed.data.started) return parsed.data;
  }
  return { message: 'the sandbox could not hold the tests between two calls' };
}

/** What stands in the sandbox for the modules of Node that tests use. */
function guestModules(): [string, string][] {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const guest = (name: string): string => readFileSync(new URL(`./guest/${name}.${extension}`, import.meta.url), 'utf8');
  const reexport = (name: string): string =>
    `export * from '/loopwright-guest/${name}.${extension}';\nexport { default } from '/loopwright-guest/${name}.${extension}';`;
  return [
    ...['assert', 'deep-equal', 'harness'].map((name): [string, string] => [
      `loopwright-guest/${name}.${extension}`,
      guest(name),
    ]),
    ...['node:test', 'test'].map((name): [string, string] => [name, reexport('harness')]),
    ...['node:assert/strict', 'assert/strict', 'node:assert', 'assert'].map((name): [string, string] => [
      name,
      reexport('assert'),
    ]),
  ];
}
