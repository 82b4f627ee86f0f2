import { defineFunction } from '@loopwright/engine';
import type { ProgramStore } from '@loopwright/edge';
import { programNameSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import { evaluateProgram } from '../evaluation/evaluate-program.ts';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { EdgeClient } from '../programs/edge-client.ts';

/** What `evaluate` works with. */
export interface EvaluateParts {
  readonly edge: EdgeClient;
  readonly examples: ExampleStore;
  readonly programs: ProgramStore;
  readonly resources: ResourceProjects;
}

/** `call: evaluate`: runs a version in the sandbox on examples; gives accuracy with its interval, confusion or the errors of estimates, mistakes, and what is active now. */
export function evaluate({ edge, examples, programs, resources }: EvaluateParts): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Runs a version of a program against labelled examples',
    arguments: z.strictObject({
      program: programNameSchema,
      version: z.int().min(1),
      examples: z.string(),
      /** For numbers: how far off an estimate may be and still count as right. `null`: an answer is right when it is the same. */
      tolerance: z.number().min(0).nullable().default(null),
    }),
    run: ({ args, execution, step }) =>
      step(async ({ signal }) => {
        const { program, version } = args;
        await resources.useExamples(args.examples, execution);
        await resources.claimProgram(program, execution);
        const evaluation = await evaluateProgram(edge, {
          program,
          version,
          examples: await examples.read(args.examples),
          tolerance: args.tolerance,
          signal,
        });
        return toJson({ ...evaluation, dataset: args.examples, active_version: await programs.getActive(program) });
      }),
  });
}
