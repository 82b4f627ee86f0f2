import { type Json, PlatformError } from '@loopwright/protocol';
import { z } from 'zod';

const errorSchema = z.looseObject({ title: z.enum(['PROVIDER_NOT_CONFIGURED', 'PROVIDER_UNAVAILABLE']), detail: z.string() });

/** Throws what a phase failed for when that is a model provider which is missing or does not answer: whoever advanced can do something about it, and then retry the run. */
export function refuseWithoutProvider(error: Json | undefined, runId: string): void {
  const parsed = errorSchema.safeParse(error);
  if (!parsed.success) return;
  const { title, detail } = parsed.data;
  throw new PlatformError(title, detail, { details: { retry: `POST /api/v1/runs/${runId}/retry` } });
}
