import { type BuiltProgram, type Sandbox, buildProgram } from '@loopwright/edge';
import type { ModuleTrace } from '@loopwright/module-sdk';
import { type Clock, type Json, type TestResult, canonicalJson, messageOf } from '@loopwright/protocol';
import type { ProgramCase } from '../induction/emit/cases.ts';
import { SERVICE_LIMITS } from '../limits.ts';

/** What is tested and how. */
export interface ProgramTest {
  readonly source: string;
  readonly cases: readonly ProgramCase[];
  /** An input that the program must refuse. */
  readonly wrongInput: Json;
  /** Inputs with which the latency is measured. */
  readonly latencyInputs: readonly Json[];
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly trace: ModuleTrace;
}

/** What the tests said, and the median and 99th percentile of the answers in milliseconds. */
export interface ProgramTestResult {
  readonly testResult: TestResult;
  readonly latencyP50: number | null;
  readonly latencyP99: number | null;
}

/**
 * Builds the program and runs its table of cases in the sandbox, each case a call.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function testProgram(test: ProgramTest): Promise<ProgramTestResult> {
  const started = test.clock.now();
  let built: BuiltProgram;
  try {
    built = await test.trace.span('build program', () => buildProgram(test.source));
  } catch (error) {
    const testResult = { ...resultOf([], [`build: ${messageOf(error)}`]), duration_seconds: (test.clock.now() - started) / 1000 };
    return { testResult, latencyP50: null, latencyP99: null };
  }
  const program = { key: built.digest, code: built.code, timeoutMs: SERVICE_LIMITS.caseTimeoutMs };
  const passed: string[] = [];
  const failed: string[] = [];
  for (const { name, input, output } of test.cases) {
    test.signal.throwIfAborted();
    const json = JSON.stringify(input);
    let result = await test.sandbox.run(program, json);
    // Once more: a worker of the sandbox may have died under the call. A program that fails, fails again.
    if (result.status !== 'success') result = await test.sandbox.run(program, json);
    if (result.status !== 'success') failed.push(`${name}: ${result.message}`);
    else if (canonicalJson(JSON.parse(result.outputJson) as Json) === canonicalJson(output)) passed.push(name);
    else failed.push(`${name}: expected ${JSON.stringify(output)}, got ${result.outputJson}`);
  }
  const refusal = await test.sandbox.run(program, JSON.stringify(test.wrongInput));
  (refusal.status === 'error' && refusal.message.includes('Cannot read') ? passed : failed).push(
    'refuses an input of the wrong shape',
  );
  const latencies: number[] = [];
  for (const input of test.latencyInputs) {
    test.signal.throwIfAborted();
    const result = await test.sandbox.run(program, JSON.stringify(input));
    if (result.status === 'success') latencies.push(result.latencyMs);
  }
  latencies.sort((a, b) => a - b);
  const quantile = (share: number): number | null => latencies[Math.floor(share * latencies.length)] ?? null;
  const testResult = { ...resultOf(passed, failed), duration_seconds: (test.clock.now() - started) / 1000 };
  return { testResult, latencyP50: quantile(0.5), latencyP99: quantile(0.99) };
}

function resultOf(passed: readonly string[], failed: readonly string[]): Omit<TestResult, 'duration_seconds'> {
  return {
    test_command: 'cases of program.test.ts in the sandbox',
    exit_code: failed.length === 0 ? 0 : 1,
    stdout: passed.map((name) => `ok ${name}\n`).join(''),
    stderr: failed.map((line) => `not ok ${line}\n`).join(''),
    tests_passed: passed.length,
    tests_failed: failed.length,
  };
}
