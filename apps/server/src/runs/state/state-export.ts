import { messageOf } from '@loopwright/protocol';
import type { RunParts } from '../run-parts.ts';
import type { StoredRun } from '../run-store.ts';
import { detailView } from '../run-views.ts';
import { stateText } from './state-text.ts';

/** Writes `state.json` of runs that changed, one after the other; of several changes of a run that waits for its turn only the last. */
export class StateExport {
  readonly #parts: Pick<RunParts, 'workspaces' | 'store' | 'log'>;
  readonly #waiting = new Map<string, StoredRun>();
  #working: Promise<void> | undefined;

  constructor(parts: Pick<RunParts, 'workspaces' | 'store' | 'log'>) {
    this.#parts = parts;
  }

  /** Has the state of a run written soon. */
  request(stored: StoredRun): void {
    this.#waiting.set(stored.run.run_id, stored);
    this.#working ??= this.#work();
  }

  /** Resolves when everything that was asked for is written. */
  async close(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    for (const [runId, stored] of this.#waiting) {
      this.#waiting.delete(runId);
      await this.#write(stored).catch((error: unknown) => {
        this.#parts.log.warn({ err: error, run_id: runId }, `Cannot write state.json: ${messageOf(error)}`);
      });
    }
    this.#working = undefined;
  }

  async #write(stored: StoredRun): Promise<void> {
    const { run_id: runId, workspace_removed_at: removedAt } = stored.run;
    if (removedAt !== null) return;
    const workspace = this.#parts.workspaces.of(runId);
    const { artifacts } = await workspace.list();
    const counts = new Map([...Map.groupBy(artifacts, ({ phase }) => phase)].map(([phase, group]) => [phase, group.length]));
    await workspace.writeState(stateText(detailView(stored, counts), artifacts));
    if (stored.run.completed_at !== null) await this.#parts.store.stateExported(stored.run);
  }
}
