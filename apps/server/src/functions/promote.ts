import { defineFunction } from '@loopwright/engine';
import type { ProgramStore } from '@loopwright/edge';
import { PlatformError, jsonObjectSchema, programNameSchema, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { EdgeClient } from '../programs/edge-client.ts';

/** What `promote` works with. */
export interface PromoteParts {
  readonly edge: EdgeClient;
  readonly programs: ProgramStore;
  readonly resources: ResourceProjects;
}

/**
 * `call: promote`: makes a version active if the active one is still `expected`, with the evidence in the promotion record, and waits until
 * the edge serves it. The same step again completes what a crash cut off and records nothing twice.
 */
export function promote({ edge, programs, resources }: PromoteParts): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Moves the active pointer of a program and records why',
    arguments: z.strictObject({
      program: programNameSchema,
      version: z.int().min(1),
      expected: z.int().min(1).nullable(),
      evidence: jsonObjectSchema,
    }),
    run: ({ args, execution, step }) =>
      step(async ({ idempotencyKey }) => {
        const { program, version, expected, evidence } = args;
        await resources.claimProgram(program, execution);
        const { digest } = await programs.loadMetadata(program, version);
        const record = { id: idempotencyKey, program, version, digest, execution_id: execution.executionId, evidence };
        const promotion = await programs.setActive(program, version, { expected, record });
        const served = await edge.refresh(program);
        if (served.active_version !== version) {
          throw new PlatformError(
            'SERVICE_UNAVAILABLE',
            `Cannot serve version ${version}: the edge serves ${String(served.active_version)}`,
          );
        }
        return toJson({ program, version, digest, from: promotion.from, at: promotion.at, edge_url: edge.url() });
      }),
  });
}
