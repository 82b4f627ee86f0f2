import { z } from 'zod';
import { executionRecordSchema } from './execution-record.ts';
import { programNameSchema } from './program-artifact.ts';

/** A place in the records of a program: a day, a part of it, and bytes of that. */
export interface TailPosition {
  readonly day: string;
  readonly countedTo: { readonly part: number; readonly bytes: number };
}

/** How a place is written. Opaque to who follows. */
export function tailPositionOf({ day, countedTo: { part, bytes } }: TailPosition): string {
  return `${day}.${part}.${bytes}`;
}

const positionSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}\.\d{1,6}\.\d{1,15}$/, 'is no position of this stream')
  .transform((text, context): TailPosition => {
    const [day = '', part, bytes] = text.split('.');
    if (!z.iso.date().safeParse(day).success) context.addIssue({ code: 'custom', message: 'is no position of this stream' });
    return { day, countedTo: { part: Number(part), bytes: Number(bytes) } };
  });

/** `GET /executions/tail` of the edge. */
export const executionTailQuerySchema = z.strictObject({
  /** Left out where one program is served. */
  task_id: programNameSchema.optional(),
  /** So many of the newest records first. */
  last: z.coerce.number().int().min(0).max(1000).default(10),
  /** Go on behind this `position`; `last` does not matter then. */
  after: positionSchema.optional(),
});

/** A line of it; empty lines come while nothing does. */
export const executionTailLineSchema = z.object({
  /** `after` of a request that goes on behind this. */
  position: z.string(),
  record: executionRecordSchema,
});
