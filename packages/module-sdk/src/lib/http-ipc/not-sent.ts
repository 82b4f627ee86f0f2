import { PlatformError } from '@loopwright/protocol';

/** Details of the error of a request that never went to the module. */
export const NOT_SENT = { sent: false } as const;

/** Whether an error is of a request that never went to the module. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof PlatformError && error.details?.['sent'] === false;
}
