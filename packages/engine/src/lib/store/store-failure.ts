import { PlatformError } from '@loopwright/protocol';

/** What SQLite refused, as STORE_FAILED; anything else as it is. */
export function storeFailure(error: unknown, verb: 'read' | 'write to'): unknown {
  const isRefused = error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
  return isRefused ? new PlatformError('STORE_FAILED', `Cannot ${verb} the store: ${error.message}`, { cause: error }) : error;
}
