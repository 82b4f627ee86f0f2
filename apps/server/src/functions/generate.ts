import { join } from 'node:path';
import { defineFunction, digestOf } from '@loopwright/engine';
import type { ProgramStore } from '@loopwright/edge';
import { ArtifactProcessor, type PtcClient } from '@loopwright/generation';
import {
  type ArtifactResult,
  type ExecutionPlanInput,
  INDUCTION_GOALS,
  type Json,
  PlatformError,
  isSuccess,
  programLanguageSchema,
  programNameSchema,
  toJson,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import { versionOf } from './version-of-result.ts';

/** What `generate` works with. */
export interface GenerateParts {
  readonly client: PtcClient;
  /** Resolves when the generation service runs. */
  readonly ready: () => Promise<void>;
  readonly examples: ExampleStore;
  readonly programs: ProgramStore;
  readonly resources: ResourceProjects;
  readonly workspaces: Workspaces;
  readonly timeoutSeconds: number;
}

const argumentsSchema = z
  .strictObject({
    program: programNameSchema,
    /** Who makes it: learning from the examples, or a model of the generation service. */
    agent: z.enum(['induction', 'model']).default('induction'),
    task_description: z.string().min(1),
    /** Digest of the examples that the generator gets. */
    examples: z.string(),
    /** What it is written in; the induction agent writes TypeScript only. */
    language: programLanguageSchema.default('typescript'),
    /** What kind of program; `auto` tells it by the outputs of the examples. */
    goal: z.enum(INDUCTION_GOALS).default('auto'),
    unknown_label: z.string().nullable().default(null),
    accuracy_target: z.number().min(0).max(1).nullable().default(null),
    /** What a reviewer said of the version before. */
    comment: z.string().nullable().default(null),
    seed: z.int().nonnegative().default(1),
  })
  .refine(({ agent, language }) => agent === 'model' || language === 'typescript', {
    path: ['language'],
    message: 'the induction agent writes TypeScript only',
  });

/**
 * `call: generate`: sends a plan to the generation service, writes what comes back into the workspace of the execution and stores it as
 * the next version of the program. The same step again, after a crash, asks under the same id and stores no second version.
 */
export function generate(parts: GenerateParts): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Generates a version of a program from labelled examples',
    arguments: argumentsSchema,
    run: ({ args, execution, step }) =>
      step(async ({ idempotencyKey, signal, spend }) => {
        await parts.resources.useExamples(args.examples, execution);
        await parts.resources.claimProgram(args.program, execution);
        await parts.ready();
        // A deeply nested task has a longer key than a plan's id may be.
        const id = idempotencyKey.length <= 200 ? idempotencyKey : digestOf(idempotencyKey);
        const result = await parts.client.execute(await planOf(parts, args, { id, project: execution.projectId }), { signal });
        // A result that was kept, or made for another execution at the same time, has been paid for already.
        if (!result.from_cache && result.metadata['shared_execution_id'] === undefined)
          for (const { total_tokens: tokens, cost_usd, provider, model, ...used } of result.llm_usage)
            spend({
              provider,
              model,
              tokens,
              inputTokens: used.prompt_tokens,
              outputTokens: used.completion_tokens,
              // What nobody knows is not nothing.
              ...(cost_usd == null ? {} : { costUsd: cost_usd }),
            });
        if (!isSuccess(result)) throw refusal(result);
        const { dir } = await parts.workspaces.ofExecution(execution.executionId);
        const workspace = join(dir, 'artifacts', 'development');
        const written = await new ArtifactProcessor({ basePath: workspace, overwrite: true }).processResult(result);
        const inputCharacters = medianCharacters((await parts.examples.read(args.examples)).map(({ input }) => input));
        const stored = await parts.programs.store(args.program, {
          id: idempotencyKey,
          ...versionOf(result, { execution, inputCharacters }),
        });
        return toJson({
          program: args.program,
          version: stored.version,
          digest: stored.digest,
          workspace,
          files: written.written,
          seconds: result.duration_seconds,
          tests: result.test_results && { passed: result.test_results.tests_passed, failed: result.test_results.tests_failed },
          warnings: result.warnings,
          model: result.metadata['model'] ?? null,
          own_holdout: result.metadata['holdout'] ?? null,
        });
      }),
  });
}

async function planOf(
  { examples, timeoutSeconds }: GenerateParts,
  args: z.infer<typeof argumentsSchema>,
  { id, project }: { id: string; project: string },
): Promise<ExecutionPlanInput> {
  return {
    execution_id: id,
    scaffolding: { task_description: args.task_description, context: args.comment },
    timeout_seconds: timeoutSeconds,
    project_name: project,
    metadata: {
      agent: args.agent,
      program_name: args.program,
      examples: toJson(await examples.read(args.examples)),
      goal: args.goal,
      ...(args.agent === 'model' ? { language: args.language } : {}),
      unknown_label: args.unknown_label,
      accuracy_target: args.accuracy_target,
      seed: args.seed,
    },
  };
}

/** The median length of inputs as JSON: what a model would be sent at each request, at the least. */
function medianCharacters(inputs: readonly Json[]): number {
  const lengths = inputs.map((input) => JSON.stringify(input).length).sort((a, b) => a - b);
  return lengths[Math.floor(lengths.length / 2)] ?? 0;
}

function refusal(result: ArtifactResult): PlatformError {
  const refused = result.metadata['refused'];
  const message = result.error_message ?? `Cannot generate a program: the service answered ${result.status}`;
  if (refused === undefined) return new PlatformError('GENERATION_FAILED', message, { details: { status: result.status } });
  return new PlatformError('INDUCTION_REFUSED', message, { details: { refused } });
}
