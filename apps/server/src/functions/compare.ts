import { defineFunction, digestOf } from '@loopwright/engine';
import { type DiffRequest, PlatformError, programNameSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { BehaviourDiffs } from '../programs/behaviour-diffs.ts';

/** What `compare` works with. */
export interface CompareParts {
  readonly diffs: BehaviourDiffs;
  readonly examples: ExampleStore;
  readonly resources: ResourceProjects;
}

/**
 * `call: compare`: how a version differs from another one on the newest logged inputs, or on the inputs of `examples` where nothing is logged yet.
 * Gives the stored comparison, or `{ report: null, reason }` where there is nothing to compare with.
 */
export function compare({ diffs, examples, resources }: CompareParts): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Replays logged inputs through two versions of a program and says how they differ',
    arguments: z.strictObject({
      program: programNameSchema,
      version: z.int().min(1),
      incumbent: z.int().min(1).nullable(),
      last: z.int().min(1).max(100_000).default(10_000),
      examples: z.string().nullable().default(null),
    }),
    run: ({ args, execution, step }) =>
      step(async ({ idempotencyKey, signal }) => {
        const { program, version, incumbent, last } = args;
        await resources.claimProgram(program, execution);
        if (incumbent === null)
          return toJson({ report: null, reason: 'No version is active yet: there is nothing to compare with' });
        const origin = { diffId: digestOf(idempotencyKey), executionId: execution.executionId, requestedBy: null };
        const ask = (request: DiffRequest): ReturnType<typeof diffs.compare> => diffs.compare(program, request, origin, signal);
        try {
          const stored = await ask({ candidate: version, incumbent, last });
          if (stored.report.inputs > 0 || args.examples === null) return toJson(stored);
          await resources.useExamples(args.examples, execution);
          const inputs = (await examples.read(args.examples)).slice(0, last).map(({ input }) => input);
          return toJson(inputs.length === 0 ? stored : await ask({ candidate: version, incumbent, inputs }));
        } catch (error) {
          // An incumbent that cannot be read any more must not keep its successor from being accepted.
          if (!(error instanceof PlatformError) || !['INVALID_PROGRAM', 'ARTIFACT_NOT_FOUND'].includes(error.code)) throw error;
          return toJson({ report: null, reason: error.message });
        }
      }),
  });
}
