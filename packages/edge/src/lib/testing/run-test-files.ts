import { readFileSync } from 'node:fs';
import { PlatformError, type Random } from '@loopwright/protocol';
import { z } from 'zod';
import { buildModules } from '../build/build-modules.ts';
import type { Sandbox, SandboxProgram } from '../sandbox/sandbox.ts';
import type { TestRun } from './test-run.ts';

/** Files of tests, and the modules that they may import. */
export interface TestFiles {
  /** Sources by path, "/" between the names. */
  readonly modules: ReadonlyMap<string, string>;
  /** Paths of the modules that hold tests. */
  readonly tests: readonly string[];
}

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

/** Files of tests that are run at a time. */
const FILES_LIMIT = 100;
/** How often a file begins again when another worker of the sandbox got its second call. */
const STARTS = 3;

/**
 * Runs files of tests in the sandbox, each for itself with the modules that it imports. The tests are written for `node:test` and `node:assert`; a file that
 * needs more of Node cannot be run there, and is named with the reason.
 *
 * The tests share the isolate with what they test: a program that wants to can make its own tests pass. Whoever must not believe it calls the program and compares outside.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function runTestFiles({ modules, tests }: TestFiles, parts: TestParts): Promise<TestRun> {
  const all = new Map([...modules, ...guestModules()]);
  const outcome: TestRun = { results: [], notRun: [], ran: new Map() };
  for (const file of tests.slice(FILES_LIMIT)) outcome.notRun.push({ file, reason: `only ${FILES_LIMIT} files are run` });
  for (const path of tests.slice(0, FILES_LIMIT)) {
    parts.signal?.throwIfAborted();
    await runFile(path, { modules: all, outcome, parts });
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
