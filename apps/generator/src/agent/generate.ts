import type { Sandbox } from '@loopwright/edge';
import type { ModuleTrace } from '@loopwright/module-sdk';
import {
  type ArtifactResult,
  type Clock,
  type ExecutionPlan,
  type InductionMetadata,
  type JsonObject,
  type LabelledExample,
  PlatformError,
  inductionMetadataSchema,
  isoTime,
  issueDetails,
} from '@loopwright/protocol';
import type { Induced, InductionResult } from '../induction/task.ts';
import { SERVICE_LIMITS } from '../limits.ts';
import { type AgentProgress, type AgentTask, runAgent } from './run-agent.ts';
import { reportMetadata } from './report-metadata.ts';
import { type ProgramTestResult, testProgram } from './test-program.ts';

/** What a generation works with. */
export interface GenerationTools {
  readonly clock: Clock;
  /** Gives the sandbox in which programs are tested. */
  readonly sandbox: () => Promise<Sandbox>;
  readonly trace: ModuleTrace;
}

/** One generation under way. */
export interface GenerationRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: AgentProgress) => void;
}

/**
 * Reads which agent a plan asks for and what it is given.
 *
 * @throws PlatformError PROVIDER_NOT_CONFIGURED: not the induction agent; VALIDATION_ERROR with pointers into the plan
 */
export function readInductionTask(plan: ExecutionPlan): InductionMetadata {
  if (plan.metadata['agent'] !== 'induction') {
    const message = `Cannot ask a model: no provider is configured for "${plan.primary_llm}". Set metadata.agent to "induction" and give metadata.examples to learn the program from examples`;
    throw new PlatformError('PROVIDER_NOT_CONFIGURED', message, {
      details: { agents: ['induction'], primary_llm: plan.primary_llm },
    });
  }
  const metadata = inductionMetadataSchema.safeParse(plan.metadata);
  if (metadata.success) return metadata.data;
  throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: its metadata is not what the induction agent needs', {
    details: issueDetails(metadata.error.issues.slice(0, 100), '/metadata'),
  });
}

/** Learns a program, tests it in the sandbox, and says how it went. A refusal is a result with status FAILURE. */
export async function generate(
  plan: ExecutionPlan,
  metadata: InductionMetadata,
  tools: GenerationTools,
  run: GenerationRun,
): Promise<ArtifactResult> {
  const started = tools.clock.now();
  const result = await induceTraced(
    tools.trace,
    {
      programName: metadata.program_name,
      taskDescription: plan.scaffolding.task_description,
      examples: metadata.examples,
      goal: metadata.goal,
      unknownLabel: metadata.unknown_label,
      accuracyTarget: metadata.accuracy_target,
      precisionTarget: metadata.precision_target,
      clarifications: metadata.clarifications,
      unlabelledInputs: metadata.unlabelled_inputs,
      seed: metadata.seed,
    },
    run,
  );
  const end = (rest: Pick<ArtifactResult, 'status' | 'metadata'> & Partial<ArtifactResult>): ArtifactResult => ({
    ...emptyResult(plan.execution_id, started, tools.clock.now()),
    ...rest,
  });
  if (!result.ok) {
    const refused: JsonObject = { code: result.refused.code, reason: result.refused.reason, details: result.refused.details };
    return end({ status: 'FAILURE', error_message: result.refused.reason, metadata: { agent: 'induction', refused } });
  }
  const tested = plan.enable_testing ? await testResult(result, tools, run.signal) : undefined;
  const isPassed = tested === undefined || tested.testResult.tests_failed === 0;
  return end({
    status: isPassed ? 'SUCCESS' : 'FAILURE',
    artifacts: result.files,
    test_results: tested?.testResult ?? null,
    error_message: isPassed ? null : `${tested.testResult.tests_failed} tests of the generated program failed`,
    warnings: result.warnings,
    metadata: {
      agent: 'induction',
      entry: 'program.ts',
      program_name: metadata.program_name,
      ...reportMetadata(result.report),
      latency_ms_p50: tested?.latencyP50 ?? null,
      latency_ms_p99: tested?.latencyP99 ?? null,
      warmup_inputs: warmupInputs(result.heldOut),
    },
  });
}

/** A result with nothing in it. */
export function emptyResult(executionId: string, started: number, now: number): ArtifactResult {
  return {
    execution_id: executionId,
    status: 'FAILURE',
    artifacts: [],
    test_results: null,
    iterations_used: 1,
    error_message: null,
    warnings: [],
    llm_usage: [],
    started_at: isoTime(started),
    completed_at: isoTime(now),
    duration_seconds: Math.max(0, now - started) / 1000,
    from_cache: false,
    cache_key: null,
    metadata: {},
  };
}

async function testResult(result: Induced, tools: GenerationTools, signal: AbortSignal): Promise<ProgramTestResult> {
  const sandbox = await tools.sandbox();
  const test = {
    source: result.files.find((file) => file.file_path === 'program.ts')?.content ?? '',
    cases: result.cases,
    wrongInput: result.wrongInput,
    latencyInputs: result.heldOut.slice(0, SERVICE_LIMITS.latencySamples).map((example) => example.input),
    sandbox,
    clock: tools.clock,
    trace: tools.trace,
    signal,
  };
  return tools.trace.span(
    'test program',
    () => testProgram(test),
    ({ testResult: { tests_passed, tests_failed } }) => ({ 'tests.passed': tests_passed, 'tests.failed': tests_failed }),
  );
}

/** Learns the program; the stages of the learning are spans of the call. */
async function induceTraced(
  trace: ModuleTrace,
  task: AgentTask,
  { signal, onProgress }: GenerationRun,
): Promise<InductionResult> {
  return trace.span('induction', async () => {
    const stages = trace.stages('induction');
    let isDone = false;
    try {
      const result = await runAgent(task, signal, (progress) => {
        stages.enter(progress.stage);
        onProgress(progress);
      });
      isDone = true;
      return result;
    } finally {
      stages.end(isDone);
    }
  });
}

/** Five short inputs: whoever serves the program runs them before the first caller comes. */
function warmupInputs(heldOut: readonly LabelledExample[]): LabelledExample['input'][] {
  const sized = heldOut.map(({ input }) => ({ input, size: JSON.stringify(input).length }));
  return sized
    .sort((a, b) => a.size - b.size)
    .slice(Math.floor(sized.length / 4))
    .slice(0, 5)
    .filter(({ size }) => size <= 2000)
    .map(({ input }) => input);
}
