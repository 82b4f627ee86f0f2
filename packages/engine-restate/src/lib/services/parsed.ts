import { TerminalError } from '@restatedev/restate-sdk';
import { z } from 'zod';

/** Parses a message. One that does not fit never will: Restate is told not to repeat it. */
export function parsed<T>(schema: z.ZodType<T>, message: unknown): T {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  throw new TerminalError(`Cannot take the message: ${z.prettifyError(result.error)}`, { errorCode: 400 });
}
