import {
  type Clock,
  type ExecutionRecord,
  type Json,
  PlatformError,
  type ProgramRunStatus,
  type Random,
  isoTime,
} from '@loopwright/protocol';
import type { ModuleTrace } from '@loopwright/module-sdk';
import type { ExecutionLog } from '../dataset/execution-log.ts';
import type { Sandbox, SandboxResult } from '../sandbox/sandbox.ts';
import type { Watching } from '../watching/watching.ts';
import { isNestedTooDeep } from './nesting.ts';
import { type SchemaIssue, issuesAsDetails } from './schema-check.ts';
import type { ServedVersion } from './served-version.ts';

/** How one execution ended. `outputJson` is the output as the program wrote it. */
export type Execution =
  | {
      readonly id: string;
      readonly status: 'success';
      readonly output: Json;
      readonly outputJson: string;
      readonly latencyMs: number;
    }
  | { readonly id: string; readonly status: 'error' | 'timeout'; readonly message: string; readonly latencyMs: number };

/** What an execution works with. */
export interface ExecutionTools {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: ModuleTrace;
  /** Chooses what is validated and looks for drift. */
  readonly watching: Pick<Watching, 'choose' | 'observe'>;
}

/**
 * Checks an input, runs it, checks the output and records what came of it, in this order; the record is written before this
 * returns. Without a log nothing is recorded; one that is still being opened is waited for when there is something to record.
 *
 * @throws PlatformError VALIDATION_ERROR: the input does not fit, nothing was run or recorded; OVERLOADED; STORE_FAILED.
 */
export async function executeOnce(
  served: ServedVersion,
  input: Json,
  log: ExecutionLog | Promise<ExecutionLog> | undefined,
  { sandbox, clock, random, trace, watching }: ExecutionTools,
): Promise<Execution> {
  const inputJson = inputText(input);
  const issues = served.checkInput(input, inputJson);
  refuseIssues(issues instanceof Promise ? await issues : issues);
  const result = await sandbox.run(served.program, inputJson);
  const outcome = readResult(served, result);
  const execution = executionOf(random.uuid(), outcome instanceof Promise ? await outcome : outcome);
  if (log === undefined) return execution;
  const reason =
    execution.status === 'success'
      ? watching.choose(served.metadata.task_id, { input, inputJson, output: execution.output })
      : undefined;
  const record = recordOf(served, { input, execution, executedAt: isoTime(clock.now()), isSampled: reason !== undefined });
  const opened = await log;
  await trace.span('record execution', () => opened.append(record, inputJson));
  watching.observe({ record, inputJson, reason });
  return execution;
}

function inputText(input: Json): string {
  const inputJson = writeJson(input);
  if (inputJson === undefined || isNestedTooDeep(inputJson)) {
    throw new PlatformError('VALIDATION_ERROR', 'Cannot read the input: it is nested too deeply', {
      details: { issues: [{ pointer: '/input', message: 'is nested too deeply' }] },
    });
  }
  return inputJson;
}

function refuseIssues(issues: readonly SchemaIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  throw new PlatformError('VALIDATION_ERROR', `Cannot run the program: the input${first.pointer} ${first.message}`, {
    details: issuesAsDetails(issues, '/input'),
  });
}

/** `undefined` for what is nested so deeply that it cannot be written. */
function writeJson(value: Json): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Outcome = { status: 'success'; output: Json; outputJson: string; latencyMs: number } | FailedOutcome;
interface FailedOutcome {
  status: 'error' | 'timeout';
  message: string;
  latencyMs: number;
}

/**
 * What came of a call: its output is JSON by now, and fits the schema. A promise only where the output is checked in the sandbox: a turn of the queue for
 * each request adds up.
 */
export function readResult({ checkOutput }: ServedVersion, result: SandboxResult): Outcome | Promise<Outcome> {
  if (result.status !== 'success') return result;
  const { outputJson, latencyMs } = result;
  const failed = (message: string): FailedOutcome => ({ status: 'error', message, latencyMs });
  let output: Json;
  try {
    if (isNestedTooDeep(outputJson)) return failed('The output is nested too deeply');
    // The worker is not trusted to write JSON.
    output = JSON.parse(outputJson) as Json;
  } catch {
    return failed('The output is not JSON');
  }
  const checked = ([issue]: readonly SchemaIssue[]): Outcome =>
    issue === undefined
      ? { status: 'success', output, outputJson, latencyMs }
      : failed(`The output${issue.pointer} ${issue.message}`);
  const issues = checkOutput(output, outputJson);
  return issues instanceof Promise ? issues.then(checked) : checked(issues);
}

function executionOf(id: string, outcome: Outcome): Execution {
  if (outcome.status !== 'success') return { id, ...outcome };
  const { status, output, outputJson, latencyMs } = outcome;
  return { id, status, output, outputJson, latencyMs };
}

interface Recorded {
  readonly input: Json;
  readonly execution: Execution;
  readonly executedAt: string;
  readonly isSampled: boolean;
}

function recordOf({ metadata }: ServedVersion, { input, execution, executedAt, isSampled }: Recorded): ExecutionRecord {
  const status: ProgramRunStatus = execution.status;
  return {
    id: execution.id,
    program_id: metadata.id,
    task_id: metadata.task_id,
    version: metadata.version,
    input_data: input,
    output_data: execution.status === 'success' ? { result: execution.output } : null,
    latency_ms: execution.latencyMs,
    memory_usage_mb: null,
    status,
    error_message: execution.status === 'success' ? null : execution.message,
    sampled_for_validation: isSampled,
    validation_id: null,
    executed_at: executedAt,
  };
}
