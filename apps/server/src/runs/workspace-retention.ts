import { messageOf } from '@loopwright/protocol';
import type { RunParts } from './run-parts.ts';

/** How often the workspaces of ended runs are looked at, in milliseconds. */
const EVERY_MS = 3_600_000;
/** Workspaces that are removed in one go. */
const BATCH = 100;

/** Removes the workspaces of runs that ended longer ago than they are kept, now and every hour; the result stops it, when what is under way is done. */
export function keepWorkspaces(
  parts: Pick<RunParts, 'store' | 'workspaces' | 'clock' | 'log'>,
  keepMs: number,
): () => Promise<void> {
  let cancel: () => void = () => undefined;
  let isStopped = false;
  const sweep = async (): Promise<void> => {
    await removeOld(parts, keepMs).catch((error: unknown) => {
      parts.log.error({ err: error }, `Cannot remove the workspaces of old runs: ${messageOf(error)}`);
    });
    if (isStopped) return;
    cancel = parts.clock.schedule(EVERY_MS, () => {
      last = sweep();
    });
  };
  let last = sweep();
  return async () => {
    isStopped = true;
    cancel();
    await last;
  };
}

async function removeOld(
  { store, workspaces, clock }: Pick<RunParts, 'store' | 'workspaces' | 'clock'>,
  keepMs: number,
): Promise<void> {
  for (;;) {
    const old = await store.withWorkspaceEndedBefore(clock.now() - keepMs, BATCH);
    for (const runId of old) {
      await workspaces.of(runId).remove();
      await store.workspaceRemoved(runId, clock.now());
    }
    if (old.length < BATCH) return;
  }
}
