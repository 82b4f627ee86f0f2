import type { Sandbox } from '@loopwright/edge';
import type { ModuleTrace } from '@loopwright/module-sdk';
import {
  type Clock,
  type ExecutionPlan,
  type InductionMetadata,
  type JsonObject,
  type LabelledExample,
  PlatformError,
  inductionMetadataSchema,
  issueDetails,
} from '@loopwright/protocol';
import type { Induced, InductionResult } from '../induction/task.ts';
import { SERVICE_LIMITS } from '../limits.ts';
import type { Agent, AgentResult, AgentRun } from './agent.ts';
import { reportMetadata } from './report-metadata.ts';
import { type AgentTask, runAgent } from './run-agent.ts';
import { type ProgramTestResult, testProgram } from './test-program.ts';

/** What the induction agent works with. */
export interface InductionParts {
  readonly clock: Clock;
  /** Gives the sandbox in which programs are tested. */
  readonly sandbox: () => Promise<Sandbox>;
  readonly trace: ModuleTrace;
}

/** Learns a program from labelled examples, tests it in the sandbox, and says how it went. A refusal is a result with status FAILURE. */
export function inductionAgent(parts: InductionParts): Agent {
  return {
    name: 'induction',
    description: 'Learns a program from labelled examples; needs no model and no network',
    check: (plan) => void readInductionTask(plan),
    run: async (plan, run) => learn(plan, parts, run),
  };
}

function readInductionTask(plan: ExecutionPlan): InductionMetadata {
  const metadata = inductionMetadataSchema.safeParse(plan.metadata);
  if (metadata.success) return metadata.data;
  throw new PlatformError('VALIDATION_ERROR', 'Cannot read the plan: its metadata is not what the induction agent needs', {
    details: issueDetails(metadata.error.issues.slice(0, 100), '/metadata'),
  });
}

async function learn(plan: ExecutionPlan, parts: InductionParts, { signal, onEvent }: AgentRun): Promise<AgentResult> {
  const metadata = readInductionTask(plan);
  onEvent({ event_type: 'code_generating', stage: 'induction', message: `${metadata.examples.length} examples` });
  const result = await induceTraced(
    parts.trace,
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
    { signal, onEvent },
  );
  if (!result.ok) {
    const refused: JsonObject = { code: result.refused.code, reason: result.refused.reason, details: result.refused.details };
    return { status: 'FAILURE', error_message: result.refused.reason, metadata: { agent: 'induction', refused } };
  }
  onEvent({ event_type: 'code_generated', stage: 'induction', message: `${result.files.length} files` });
  const tested = plan.enable_testing ? await testResult(result, parts, { signal, onEvent }) : undefined;
  const isPassed = tested === undefined || tested.testResult.tests_failed === 0;
  return {
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
  };
}

function shareOf(done: number, total: number): { progress?: number } {
  return total > 0 ? { progress: Math.min(1, done / total) } : {};
}

async function testResult(result: Induced, parts: InductionParts, { signal, onEvent }: AgentRun): Promise<ProgramTestResult> {
  onEvent({ event_type: 'test_started', stage: 'test', message: `${result.cases.length} cases` });
  const test = {
    source: result.files.find((file) => file.file_path === 'program.ts')?.content ?? '',
    cases: result.cases,
    wrongInput: result.wrongInput,
    latencyInputs: result.heldOut.slice(0, SERVICE_LIMITS.latencySamples).map((example) => example.input),
    sandbox: await parts.sandbox(),
    clock: parts.clock,
    trace: parts.trace,
    signal,
  };
  const tested = await parts.trace.span(
    'test program',
    () => testProgram(test),
    ({ testResult: { tests_passed, tests_failed } }) => ({ 'tests.passed': tests_passed, 'tests.failed': tests_failed }),
  );
  const { tests_passed, tests_failed } = tested.testResult;
  const message = `${tests_passed} cases passed, ${tests_failed} failed`;
  onEvent({ event_type: tests_failed === 0 ? 'test_passed' : 'test_failed', stage: 'test', message });
  return tested;
}

/** Learns the program; the stages of the learning are spans of the call. */
async function induceTraced(trace: ModuleTrace, task: AgentTask, { signal, onEvent }: AgentRun): Promise<InductionResult> {
  return trace.span('induction', async () => {
    const stages = trace.stages('induction');
    let isDone = false;
    try {
      const result = await runAgent(task, signal, ({ stage, done, total }) => {
        stages.enter(stage);
        onEvent({ event_type: 'progress', stage, ...shareOf(done, total), data: { done, total } });
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
