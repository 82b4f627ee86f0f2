import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunStore } from '../run-store.ts';
import type { Workspaces } from './workspaces.ts';

/** Files that are being written or replaced: below the artifacts, beside `state.json` and among the contents of checkpoints. */
const TEMPORARY = /^(?:\.loopwright-[\w-]+\.(?:tmp|old)|[0-9a-f-]{36}\.tmp)$/;
/** Workspaces that retention has put aside and was removing. */
const REMOVED = /\.removed-[0-9a-f-]{36}$/;
/** A step that was broken off by a cancellation may end a little later than its run, in milliseconds. */
const AFTER_END_MS = 3_600_000;
const DEPTH = 40;

/**
 * Removes what a process that died left half-written in the workspaces of runs: those that had not ended, or had only just. Call it before anything is
 * executed: it cannot tell what is being written now from what never will be.
 */
export async function removeLeftovers({
  store,
  workspaces,
  now,
}: {
  store: RunStore;
  workspaces: Workspaces;
  now: number;
}): Promise<void> {
  for (const name of await namesIn(workspaces.dir))
    if (REMOVED.test(name)) await rm(join(workspaces.dir, name), { recursive: true, force: true });
  for (const runId of await store.activeSince(now - AFTER_END_MS)) await removeTemporary(workspaces.of(runId).dir, 0);
}

async function removeTemporary(folder: string, depth: number): Promise<void> {
  if (depth > DEPTH) return;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    // A rollback that was under way has a folder of its own, and completes itself; archives are whole.
    if (entry.isDirectory() && !(depth === 0 && (entry.name === 'archive' || entry.name.startsWith('.rollback-'))))
      await removeTemporary(path, depth + 1);
    else if (entry.isFile() && TEMPORARY.test(entry.name)) await rm(path, { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
