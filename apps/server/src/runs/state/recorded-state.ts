import type { StoreReader } from '@loopwright/engine';
import { profileOf } from '../profile/profile.ts';
import type { RunTable } from '../run-tables.ts';
import { type RunRecord, type RunState, projectRun } from './project-run.ts';

/**
 * What the engine's record says of a run now; `undefined` before its execution is recorded and after its history was compacted, when the rows
 * of the run are all that is left.
 */
export function recordedState(
  read: StoreReader,
  { execution_id: id }: Pick<RunTable, 'execution_id'>,
  usage: RunRecord['usage'] = new Map(),
): RunState | undefined {
  const execution = read.execution(id);
  if (execution === undefined || (read.firstEvent(id) ?? 1) > 1) return undefined;
  const definition = read.definition(execution.definitionDigest);
  const profile = definition === undefined ? undefined : profileOf(definition);
  return profile && projectRun({ phases: profile.phases, execution, journal: read.journal(id), usage });
}
