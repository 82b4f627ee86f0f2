import { PlatformError, type Random } from '@loopwright/protocol';
import { z } from 'zod';
import type { Sandbox, SandboxResult } from '../sandbox/sandbox.ts';
import { buildTestFile } from './build-test-file.ts';
import { guestModules } from './guest-modules.ts';
import type { TestRun } from './test-run.ts';

/** Files of tests, and the modules that they may import. */
export interface TestFiles {
  /** Sources by path, "/" between the names. */
  readonly modules: ReadonlyMap<string, string>;
  /** Paths of the modules that hold tests. */
  readonly tests: readonly string[];
  /** Whether the modules are run in strict mode, as Node runs what has imports or exports. Default true. */
  readonly isStrict?: boolean;
}

/** What tests are run with. */
export interface TestParts {
  readonly sandbox: () => Promise<Sandbox>;
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Limit of each file in milliseconds. Default: that of the sandbox. */
  readonly timeoutMs?: number;
}

const collectedSchema = z.object({
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
  assertions: z.int().nonnegative(),
  printed: z.string().max(70_000),
  statements: z.array(z.tuple([z.int(), z.array(z.int().nonnegative())])).max(30_000),
});
type Collected = z.infer<typeof collectedSchema>;

/** Files of tests that are run at a time. */
const FILES_LIMIT = 100;
/** What a program must have had of a processor before it is said to run too long, in milliseconds; or all of its limit, where that is less. */
const FAIR_CPU_MS = 150;
/** Or this part of its limit, where that is more. */
const FAIR_PART = 0.1;
/** How often a file begins at the most that had less than that, each time with as much time as it will probably need. */
const STARTS = 4;
/** What it may get at the most besides its limit, in milliseconds: a program that sleeps looks like one that waits for a processor. */
const EXTRA_MS = 10_000;

/**
 * Runs files of tests in the sandbox, each for itself with the modules that it imports. The tests are written for `node:test` and `node:assert`, or are plain
 * scripts that throw or call `console.assert`; a file that needs more of Node cannot be run there, and is named with the reason.
 *
 * The tests share the isolate with what they test: a program that wants to can make its own tests pass. Whoever must not believe it calls the program and compares outside.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function runTestFiles({ modules, tests, isStrict = true }: TestFiles, parts: TestParts): Promise<TestRun> {
  const all = new Map([...modules, ...guestModules()]);
  const outcome: TestRun = { results: [], notRun: [], files: [], ran: new Map() };
  for (const file of tests.slice(FILES_LIMIT)) outcome.notRun.push({ file, reason: `only ${FILES_LIMIT} files are run` });
  for (const path of tests.slice(0, FILES_LIMIT)) {
    parts.signal?.throwIfAborted();
    let code: string;
    try {
      code = await buildTestFile(all, path, isStrict);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      outcome.notRun.push({ file: path, reason: error.message });
      continue;
    }
    take(path, await runCode(code, parts), outcome);
  }
  return outcome;
}

/** Runs a file again that was stopped before it had its share of a processor, for on a busy machine time alone says nothing; or whose worker died. */
async function runCode(code: string, { sandbox, random, timeoutMs, signal }: TestParts): Promise<SandboxResult> {
  const pool = await sandbox();
  let limitMs = timeoutMs;
  for (let start = 1; ; start += 1) {
    const limit = limitMs === undefined ? {} : { timeoutMs: limitMs };
    const result = await pool.run({ key: `tests:${random.uuid()}`, code, inParts: true, ...limit }, 'null');
    signal?.throwIfAborted();
    // It may have died of something else than this program, which may come twice, as when all workers are killed; a program that ends its worker does it again.
    if (result.status === 'error' && result.message.endsWith('ended its worker process') && start <= 2) continue;
    if (result.status !== 'timeout' || start === STARTS || timeoutMs === undefined || limitMs === undefined) return result;
    const fairMs = 0.8 * Math.min(timeoutMs, Math.max(FAIR_CPU_MS, FAIR_PART * timeoutMs));
    // Where nobody can tell, it gets one more chance.
    if (result.cpuMs === undefined ? start > 1 : result.cpuMs >= fairMs) return result;
    const factor = Math.max(1.5, Math.min(8, (1.3 * fairMs) / Math.max(1, result.cpuMs ?? fairMs)));
    limitMs = Math.ceil(Math.min(limitMs * factor, timeoutMs + EXTRA_MS));
  }
}

function take(path: string, result: SandboxResult, outcome: TestRun): void {
  if (result.status !== 'success') {
    fail(outcome, path, result.message);
    outcome.files.push({
      file: path,
      isTimedOut: result.status === 'timeout',
      assertions: 0,
      printed: '',
      latencyMs: result.latencyMs,
    });
    return;
  }
  const answer: unknown = JSON.parse(result.outputJson);
  const collected = collectedSchema.safeParse(answer);
  if (!collected.success) {
    const what = typeof answer === 'string' ? answer.slice(0, 100) : 'changed what runs the tests';
    return fail(outcome, path, `no test can be believed: the program ${what}`);
  }
  const { done, tests, assertions, printed, statements } = collected.data;
  const isWaiting = !done;
  outcome.files.push({ file: path, isTimedOut: isWaiting, assertions, printed, latencyMs: result.latencyMs });
  outcome.results.push(...tests.map((test) => resultOf(path, test)));
  if (isWaiting && !tests.some(({ status }) => status === 'unfinished'))
    fail(outcome, path, 'its tests did not come to their end');
  // A script that asserts is one test, as Node sees it.
  if (done && tests.length === 0 && assertions > 0)
    outcome.results.push({ file: path, name: path, status: 'passed', message: null });
  for (const [file, numbers] of statements) {
    const known = outcome.ran.get(file) ?? new Set<number>();
    for (const statement of numbers) known.add(statement);
    outcome.ran.set(file, known);
  }
}

function resultOf(file: string, { name, status, message }: Collected['tests'][number]): TestRun['results'][number] {
  const isLost = status === 'unfinished';
  const reason = isLost ? 'it did not end: it waits for something that is not in the sandbox, such as a timer' : message;
  return { file, name: name === '' ? file : name, status: isLost ? 'failed' : status, message: reason };
}

function fail(outcome: TestRun, file: string, message: string): void {
  outcome.results.push({ file, name: file, status: 'failed', message });
}
