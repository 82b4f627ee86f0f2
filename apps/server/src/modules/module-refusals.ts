import { PlatformError } from '@loopwright/protocol';
import type { ModuleSpec, ModuleStatus } from './module-spec.ts';

/** Something cannot be done with a module as it is now. */
export function wrongState(
  { id, launch }: ModuleSpec,
  action: 'replace' | 'drain',
  { status, isReplacing }: { readonly status: ModuleStatus; readonly isReplacing: boolean },
): PlatformError {
  const isOthers = action === 'replace' && launch.kind === 'attach';
  const why = isOthers ? 'somebody else starts it' : `it is ${isReplacing ? 'being replaced' : status}`;
  return new PlatformError('INVALID_STATE', `Cannot ${action} the module "${id}": ${why}`, { details: { module: id, status } });
}

/** The run that was to take the place of another did not come up. */
export function startFailed(id: string, reason: string): PlatformError {
  return new PlatformError('MODULE_START_FAILED', `Cannot replace the module "${id}": ${reason}`, { details: { module: id } });
}
