import { defineFunction } from '@loopwright/engine';
import { toJson } from '@loopwright/protocol';
import { z } from 'zod';
import type { Checkpoints } from '../checkpoints/checkpoints.ts';

/**
 * `call: checkpoint`: keeps the state of the run before or after a phase. Profiles have it put around each phase by themselves. Gives
 * `{ checkpoint_id, files, bytes, incomplete }`.
 */
export function checkpoint(checkpoints: Checkpoints): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Keeps the state of the run before or after a phase',
    arguments: z.strictObject({ phase: z.string().min(1).max(100), type: z.enum(['pre', 'post']) }),
    run: ({ args, execution, step }) =>
      step(async ({ idempotencyKey: key }) => {
        const { checkpoint_id, files, bytes, incomplete } = await checkpoints.capture({
          executionId: execution.executionId,
          key,
          ...args,
        });
        return toJson({ checkpoint_id, files, bytes, incomplete });
      }),
  });
}
